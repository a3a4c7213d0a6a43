"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "role.assigned": "a role was assigned to a user",
        "role.changed_factor_rule": "the rule whether a role requires a second factor was changed",
        "role.deleted": "a role was deleted",
        "role.removed": "a role was removed from a user",
        "role.saved": "a role was added or changed",
        "user.asked_for_factor": "a user was signed out because the role now requires a second factor",
    }
)
