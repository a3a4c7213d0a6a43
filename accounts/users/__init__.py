"""People: who they are, how they are found and named."""
