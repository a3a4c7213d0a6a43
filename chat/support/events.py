"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "conversation.assigned": "a conversation was assigned to an agent, or unassigned",
        "conversation.closed": "a conversation with a customer was closed",
        "conversation.opened": "a customer started a conversation",
        "conversation.prioritised": "the priority of a conversation was changed",
        "conversation.reopened": "a closed conversation was reopened",
    }
)
