"""Email subscriptions: confirmed, sent and ended."""
