"""What changes people, their roles and what they hold."""
