"""Letters that people asked for: how they say yes and no, on pages, in mails and for staff."""
