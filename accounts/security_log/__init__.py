"""What concerns the safety of accounts: who did it, to whom, from where. Read in the staff area and by the API."""
