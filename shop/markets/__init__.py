"""Markets and their tax rates."""
