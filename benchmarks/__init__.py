"""Benchmarks of the site against minimal baselines: `make bench`, `make soak`. See docs/performance.md."""
