"""Checks that stored counters and sums agree."""
