"""What is sent and how it is signed: Standard Webhooks, version 1."""

import base64
import json
import secrets
from datetime import UTC, datetime

from django.conf import settings
from standardwebhooks.webhooks import Webhook as Signer

from core.encryption import decrypt
from core.events.models import Event
from core.webhooks.models import Webhook

PREFIX = "whsec_"
SECRET_BYTES = 32


def make_secret() -> str:
    """A new secret in the form in which it is shown, once."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def body_of(event: Event) -> bytes:
    """What a receiver gets. Made of facts that never change, so each attempt carries the same bytes."""
    message = {
        "type": event.name,
        "timestamp": event.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "data": {
            "subject": {"kind": event.subject_kind, "id": event.subject_id},
            "actor": {"kind": event.actor_kind, "id": event.actor_id} | _impersonator(event),
            "details": event.data,
        },
    }
    return json.dumps(message, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _impersonator(event: Event) -> dict[str, str]:
    """Who of the staff really acted, where it was done in somebody's name."""
    return {"impersonator": event.impersonator_id} if event.impersonator_id else {}


def headers_of(event: Event, webhook: Webhook, body: bytes, *, now: datetime) -> dict[str, str]:
    """The headers of one attempt. For a day after a rotation the former secret signs too."""
    kept = [webhook.secret]
    if webhook.former_until and webhook.former_until > now:
        kept.append(webhook.former_secret)
    signers = [Signer(decrypt(secret)) for secret in kept]
    headers = {
        "content-type": "application/json",
        "user-agent": f"Agora-Webhooks/1 ({settings.SITE_URL})",
        "webhook-id": str(event.uid),
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(
            signer.sign(str(event.uid), now.astimezone(UTC), body.decode()) for signer in signers
        ),
    }
    if event.request_id:
        headers["x-request-id"] = event.request_id
    return headers
