"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "address.added": "a customer saved an address",
        "address.changed": "a customer changed a saved address",
        "address.removed": "a customer removed a saved address",
    }
)
