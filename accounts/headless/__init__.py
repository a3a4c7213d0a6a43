"""Signing in from apps of the house: allauth's headless endpoints under our rules, and the tokens that they give.

A person's own pages are for browsers; a mobile or single-page app has no cookie of ours and speaks JSON. What it may
do, what is counted, what is told by mail and what waits for what is the same as on the pages.
"""

DEVICE_HEADER, SESSION_HEADER = "X-Device-Token", "X-Session-Token"
APP_HEADERS = [DEVICE_HEADER.lower(), SESSION_HEADER.lower()]  # what browsers may send from elsewhere
