"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "room.archived": "a room was archived",
        "room.changed": "a room was changed",
        "room.created": "a room was created",
        "room.reopened": "an archived room was reopened",
    }
)
