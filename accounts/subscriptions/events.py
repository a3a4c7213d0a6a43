"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "subscription.asked": "a confirmation link was sent to a subscriber",
        "subscription.confirmed": "a subscription was confirmed",
        "subscription.ended": "a subscription ended",
        "subscription.exported": "staff exported a list of subscribers",
    }
)
