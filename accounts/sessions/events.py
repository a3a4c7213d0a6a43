"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "user.ended_other_sessions": "a user signed out all other sessions",
        "user.ended_session": "a user signed out another session",
        "user.signed_in_on_new_device": "a user signed in on a new device",
    }
)
