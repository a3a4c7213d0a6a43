"""The OAuth and OpenID Connect provider: other apps sign people in and act for them, with consent."""
