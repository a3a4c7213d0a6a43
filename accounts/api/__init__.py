"""Who calls the API: keys, tokens and sessions."""
