"""The provider: other programs sign people in here, and act for them as far as they agree."""
