"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "shipping_method.deleted": "a delivery method was deleted",
        "shipping_method.saved": "a delivery method was added or changed",
    }
)
