"""How apps show each other without importing each other: cards, panels, references."""
