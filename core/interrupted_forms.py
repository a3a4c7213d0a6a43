"""What somebody typed into a form whose session ended before they sent it: kept until they have signed in again.

A form names its user in a signed field. If it arrives without a session, its fields are encrypted into the anonymous
session that leads through signing in, and come back only to the same user, at the same address, for half an hour.
Files are not kept: a browser does not send them twice. Nor are passwords, secrets and tokens, told by their names.
"""

import json
import re
import time

from cryptography.fernet import InvalidToken
from django.core import signing
from django.http import HttpRequest

from core.encryption import decrypt, encrypt

FIELD = "form_owner"
MAX_SECONDS = 30 * 60
MAX_CHARACTERS = 400_000
SESSION_KEY = "interrupted_form"
_SALT = "core.interrupted_forms"
_UNTYPED = frozenset({FIELD, "csrfmiddlewaretoken"})
_SECRET = re.compile(r"password|passphrase|secret|token|otp|recovery", re.IGNORECASE)


def owner_token(owner: str) -> str:
    """The value of the signed field: whose form it is."""
    return signing.dumps(owner, salt=_SALT)


def keep(request: HttpRequest) -> bool:
    """Keep the fields of a POST without a session; False for a form that names no user, and for too much of it."""
    try:
        owner = signing.loads(request.POST.get(FIELD, ""), salt=_SALT)
    except signing.BadSignature:
        return False
    names = [name for name in request.POST if name not in _UNTYPED and not _SECRET.search(name)]
    fields = {name: request.POST.getlist(name) for name in names}
    kept = json.dumps({"owner": owner, "path": request.path, "at": time.time(), "fields": fields})
    if len(kept) > MAX_CHARACTERS:
        return False
    request.session[SESSION_KEY] = encrypt(kept)
    return True


def kept_fields(request: HttpRequest, owner: str) -> dict[str, str]:
    """The last value of each of the `kept_values`."""
    return {name: values[-1] for name, values in kept_values(request, owner).items()}


def kept_values(request: HttpRequest, owner: str) -> dict[str, list[str]]:
    """The fields that this user sent to this address when their session had ended; empty without any."""
    try:
        kept = json.loads(decrypt(request.session[SESSION_KEY]))
    except (KeyError, InvalidToken):
        return {}
    is_theirs = (kept["owner"], kept["path"]) == (owner, request.path)
    return dict(kept["fields"]) if is_theirs and time.time() - kept["at"] < MAX_SECONDS else {}


def forget(request: HttpRequest) -> None:
    """Forget what was kept: it is saved now."""
    request.session.pop(SESSION_KEY, None)
