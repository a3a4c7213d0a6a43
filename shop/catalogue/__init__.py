"""Products, their variants, options and categories."""
