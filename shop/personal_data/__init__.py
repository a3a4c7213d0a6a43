"""What the shop keeps about people, for export and erasure."""
