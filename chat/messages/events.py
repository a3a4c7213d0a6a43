"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "conversation.left_unread": "messages were unread for five minutes; their recipient gets an email",
        "message.removed": "a message was removed",
        "message.reported": "a message was reported",
        "message.restored": "a removed message was restored",
    }
)
