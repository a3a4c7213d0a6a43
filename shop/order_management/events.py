"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "order.cancelled": "an order was cancelled before it was paid",
        "order.claimed": "a guest's order was joined to an account",
        "order.expired": "an order was not paid in time",
        "order.fulfilled": "a shipment with all or part of an order was sent",
    }
)
