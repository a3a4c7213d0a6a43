"""What the shop is set up with: every change is in the event log."""
