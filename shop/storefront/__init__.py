"""The pages of the shop: categories and products."""
