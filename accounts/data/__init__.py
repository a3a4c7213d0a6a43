"""A person's own data: fetch a copy, close the account."""
