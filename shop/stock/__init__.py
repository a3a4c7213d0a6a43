"""Stock levels, movements and reservations."""
