"""Middleware for signed-in people."""
