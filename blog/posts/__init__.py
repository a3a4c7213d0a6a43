"""Posts: writing, revisions, publishing, pages."""
