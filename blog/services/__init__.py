"""What changes the journal. A transaction that locks a comment and its post locks the comment first."""
