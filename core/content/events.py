"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "home_block.deleted": "a block of the home page was deleted",
        "home_block.saved": "a block of the home page was added or changed",
        "page.deleted": "a text page was deleted",
        "page.saved": "a text page was saved",
        "picture.added": "a picture was added",
        "picture.changed": "the alternative text of a picture was changed",
    }
)
