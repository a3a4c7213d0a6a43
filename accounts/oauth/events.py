"""The events of this domain, for webhooks and their documentation."""

from core.events.catalogue import describe_events

describe_events(
    {
        "client.added": "an OAuth client was registered",
        "client.approval_ended": "the approval of an OAuth client was withdrawn, and its tokens were revoked",
        "client.approved": "staff approved an OAuth client for staff scopes",
        "client.changed": "an OAuth client was changed",
        "client.removed": "an OAuth client was removed",
        "client.renewed_secret": "the secret of an OAuth client was replaced",
        "oauth.token_reuse_detected": "an authorisation code or refresh token was reused, and its tokens were revoked",
        "client.switched_off": "staff disabled an OAuth client",
        "client.switched_on": "staff enabled an OAuth client",
        "consent.given": "a user granted an OAuth client access",
        "consent.refused": "a user denied a device access",
        "consent.withdrawn": "a user revoked an OAuth client's access",
        "signing_key.rotated": "the key that signs ID tokens was replaced",
    },
    former={"oauth.token_reuse_detected": ("client.reused",)},
)
