"""The pages of the journal: lists, posts with their comments."""
