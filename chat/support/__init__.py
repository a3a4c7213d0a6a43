"""Support conversations and the desk."""
