"""Orders: lines, states, timeline."""
