"""People: accounts and profiles."""
