"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "export.made": "an export of a user's data is ready",
        "export.requested": "a user requested an export of their data",
        "user.closing_cancelled": "a user cancelled the deletion of the account",
        "user.closing_near": "an account will be deleted within a day",
        "user.closing_requested": "a user requested the deletion of the account",
        "user.erased": "a user's personal data was erased",
    }
)
