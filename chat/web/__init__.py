"""The pages of the conversation."""
