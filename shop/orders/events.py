"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "order.link_requested": "a customer requested a link to an order",
        "order.paid": "an order was paid",
    }
)
