"""What the site says about itself: figures, errors, traces, and a doctor. docs/monitoring.md explains them."""
