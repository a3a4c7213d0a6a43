"""Full-text search over all apps."""
