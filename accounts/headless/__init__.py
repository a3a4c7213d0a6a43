"""Sign-in from first-party apps: the headless endpoints of django-allauth under the project's rules.

Pages are for browsers; mobile and single-page apps use tokens and JSON. Permissions, rate limits and notifications are
the same as on the pages.
"""

DEVICE_HEADER, SESSION_HEADER = "X-Device-Token", "X-Session-Token"
APP_HEADERS = [DEVICE_HEADER.lower(), SESSION_HEADER.lower()]  # what browsers may send from elsewhere
