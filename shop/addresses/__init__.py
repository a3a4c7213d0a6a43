"""Postal addresses: validation by country, and the address book of a customer."""
