"""Product reviews."""
