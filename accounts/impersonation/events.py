"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "user.impersonated": "staff began to impersonate a user",
        "user.impersonation_ended": "staff ended an impersonation",
    }
)
