"""Security log of accounts: who did what, to whom and from where. In the staff area and in the API."""
