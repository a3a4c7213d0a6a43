"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "case.decided": "staff decided a moderation case",
        "case.opened": "a moderation case was opened",
        "case.reopened": "staff reverted a moderation decision",
        "report.filed": "content was reported",
        "content.auto_hidden": "content was hidden after several reports, until staff review it",
    },
    former={"content.auto_hidden": ("report.hid",)},
)
