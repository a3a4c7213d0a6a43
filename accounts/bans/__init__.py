"""Bans: who may not sign in or write, and until when."""
