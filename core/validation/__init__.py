"""Input from outside: text, e-mail addresses, slugs, JSON."""
