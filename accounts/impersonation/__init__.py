"""Staff act in a person's name for a while: with a reason, under a banner, and both names on all that happens."""
