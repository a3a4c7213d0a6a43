"""Messages, reactions, and the log of a room."""
