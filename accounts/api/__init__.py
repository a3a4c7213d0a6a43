"""Authentication of API requests: keys, tokens and sessions."""
