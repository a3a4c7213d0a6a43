"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "comment.added": "a comment was posted",
        "comment.approved": "a comment was approved",
        "comment.deleted": "a comment was deleted",
        "comment.held": "a comment was sent back to moderation",
        "comment.refused": "a comment was rejected as spam",
    }
)
