"""What every request of a signed-in person passes."""
