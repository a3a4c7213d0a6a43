"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "order.refund_failed": "the payment provider rejected a refund",
        "order.refund_requested": "a refund was requested",
        "order.refunded": "a refund was paid out",
        "payment.cancelled": "a payment attempt was cancelled",
        "payment.declined": "a payment attempt was declined",
        "payment.partly_received": "part of a bank transfer was received",
        "payment.returned": "a payment that came too late or twice is being refunded",
    }
)
