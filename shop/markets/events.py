"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "market.added": "a market was added",
        "market.changed": "a market was changed",
        "market.deleted": "a market was deleted",
        "tax_rate.changed": "a tax rate was set",
        "tax_rate.deleted": "a tax rate was deleted",
    }
)
