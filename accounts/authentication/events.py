"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "api_key.refused": "a request with an API key was rejected",
        "client.refused": "a request with a token of an OAuth client was rejected",
        "user.added": "staff added a user",
        "user.added_address": "a user added an email address",
        "user.added_factor": "a user added a second factor",
        "user.changed_email": "a user changed the primary email address",
        "user.changed_password": "a user changed the password",
        "user.closed": "an account was deactivated",
        "user.factor_failed": "a second factor was rejected",
        "user.login_throttled": "sign-in was throttled after too many attempts",
        "user.lost_factors": "staff removed a user's second factors",
        "user.made_recovery_codes": "a user generated recovery codes",
        "user.opened": "a deactivated account was reactivated",
        "user.removed_address": "a user removed an email address",
        "user.removed_factor": "a user removed a second factor",
        "user.reset_password": "a user reset the password by email",
        "user.reused_refresh_token": "a refresh token was used twice, and its session was ended",
        "user.sign_in_failed": "a sign-in failed",
        "user.sign_up_again": "somebody signed up with an email address that already has an account",
        "user.signed_in": "a user signed in",
        "user.signed_out": "a user signed out",
        "user.signed_up": "a user signed up",
        "user.verified_email": "a user verified an email address",
    },
    former={"user.login_throttled": ("user.limited",)},
)
