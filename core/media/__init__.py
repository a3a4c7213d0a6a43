"""Image files: decode, resize, store."""
