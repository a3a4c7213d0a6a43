"""RSS, Atom, JSON Feed and the sitemap."""
