"""Cursors of lists: opaque and signed, so that a place in a list is always one that this site gave out."""

import base64
import binascii
import hmac
import json
from typing import Any, Final

from django.conf import settings
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

SALT: Final = "core.cursors"
SIGNATURE_BYTES: Final = 12
MAX_LENGTH: Final = 4096


class BadCursor(Invalid):
    """The same for every cursor that is not taken: cut, changed, of another list, or signed by a key that is gone."""

    code = "bad_cursor"
    status = 400
    message = _("This page address is not valid. Start from the first page.")


def encode_cursor(values: list[Any], *, order: str) -> str:
    """Make a cursor of plain JSON values. `order` names the order of the list; another list does not take it."""
    payload = json.dumps(values, separators=(",", ":"), allow_nan=False).encode()
    signed = _signature(payload, order, settings.SECRET_KEY) + payload
    return base64.urlsafe_b64encode(signed).decode().rstrip("=")


def decode_cursor(cursor: str, *, order: str) -> list[Any]:
    """Return the values of a cursor. Raises BadCursor; the payload is not read before its signature is."""
    if len(cursor) > MAX_LENGTH:
        raise BadCursor
    try:
        signed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (ValueError, binascii.Error):
        raise BadCursor from None
    signature, payload = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    if not any(hmac.compare_digest(signature, _signature(payload, order, key)) for key in keys):
        raise BadCursor
    values: list[Any] = json.loads(payload)
    return values


def _signature(payload: bytes, order: str, key: str) -> bytes:
    return salted_hmac(f"{SALT}:{order}", payload, secret=key, algorithm="sha256").digest()[:SIGNATURE_BYTES]
