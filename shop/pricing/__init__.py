"""Markets, prices and tax."""
