"""Moderation: reports, the queue of cases, spam."""
