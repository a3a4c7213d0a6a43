"""Products as customers see them: prices, availability, filters, cards, search."""
