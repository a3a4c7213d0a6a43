"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "api_key.added": "an API key was created",
        "api_key.revoked": "an API key was revoked",
        "api_key.rotated": "an API key was replaced",
    }
)
