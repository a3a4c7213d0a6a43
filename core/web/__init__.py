"""Requests and responses: middleware, response cache, error pages, sessions, static files."""
