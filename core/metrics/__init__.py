"""Prometheus metrics over several processes."""
