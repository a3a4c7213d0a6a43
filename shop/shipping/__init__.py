"""Delivery methods."""
