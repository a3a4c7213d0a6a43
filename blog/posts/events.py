"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "post.archived": "a post was archived",
        "post.created": "a post was created",
        "post.moved": "the address of a post was changed",
        "post.published": "a post was published",
        "post.saved": "a post was saved",
        "post.schedule_failed": "a scheduled post could not be published",
        "post.scheduled": "a post was scheduled",
        "post.submitted": "a post was submitted for review",
        "post.unpublished": "a post was unpublished",
    }
)
