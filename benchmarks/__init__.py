"""How fast the house is, measured against floors: `make bench`, `make soak`. See docs/performance.md."""
