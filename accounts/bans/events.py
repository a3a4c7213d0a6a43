"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "ban.kept_out": "a request from a banned network was rejected",
        "user.banned": "a user was banned",
        "user.unbanned": "a ban was lifted",
    }
)
