"""The pages of the journal: lists, and posts with their comments."""
