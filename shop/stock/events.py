"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "stock.adjusted": "stock was counted and corrected",
        "stock.limited": "the backorder limit of a variant was changed",
        "stock.received": "stock was received",
        "warehouse.deleted": "a warehouse was deleted",
        "warehouse.saved": "a warehouse was added or changed",
    }
)
