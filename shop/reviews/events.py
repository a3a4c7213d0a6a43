"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "review.held": "a review was sent to moderation",
        "review.hidden": "a review was hidden",
        "review.published": "a review was published",
    }
)
