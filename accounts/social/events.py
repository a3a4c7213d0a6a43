"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "user.connected_account": "a user connected an account of another provider",
        "user.disconnected_account": "a user disconnected an account of another provider",
    }
)
