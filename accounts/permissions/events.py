"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "entitlement.ended": "an entitlement from a purchase ended",
        "entitlement.granted": "a purchase granted an entitlement",
        "user.received_entitlements": "entitlements of earlier purchases were joined to an account",
    }
)
