"""`Idempotency-Key`: the same request again gives the first answer, and happens once.

The lock, the work and the stored answer share one transaction: a crash leaves nothing, so a client may always retry
with the same key (draft-ietf-httpapi-idempotency-key-header).
"""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.db import connection, transaction
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from core import rate_limits
from core.api.models import IdempotencyKey
from core.api.permissions import grant_of
from core.api.viewsets import GrantedViewMixin
from core.errors import DomainError, Invalid

P = ParamSpec("P")
V = TypeVar("V", bound=GrantedViewMixin)
Handler = Callable[Concatenate[V, Request, P], Response]

HEADER = "Idempotency-Key"
MAX_KEY_LENGTH = 255


class KeyInUse(DomainError):
    code = "idempotency_key_in_use"
    status = 409
    message = _("A request with this Idempotency-Key is running. Try again in a moment.")


class KeyReused(DomainError):
    code = "idempotency_key_reused"
    status = 422
    message = _("This Idempotency-Key was used for another request. Use a new key for a new request.")


class KeyTooLong(Invalid):
    code = "idempotency_key_too_long"
    message = _("An Idempotency-Key has at most 255 characters.")


def idempotent(handler: Handler[V, P]) -> Handler[V, P]:
    """Make an API handler honour `Idempotency-Key`. Without the header it runs as it is.

    Raises KeyInUse (409), KeyReused (422), KeyTooLong (422). Refusals are not stored: they changed nothing.
    """

    @wraps(handler)
    def once(view: V, request: Request, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = request.headers.get(HEADER, "")
        if not key:
            return handler(view, request, *args, **kwargs)
        if len(key) > MAX_KEY_LENGTH:
            raise KeyTooLong
        return _answer(request, key, lambda: handler(view, request, *args, **kwargs))

    once.takes_key = True  # type: ignore[attr-defined]  # for the schema
    return cast("Handler[V, P]", once)


@transaction.atomic
def _answer(request: Request, key: str, work: Callable[[], Response]) -> Response:
    principal = _principal(request)
    _lock(principal, key)
    fingerprint = _fingerprint(request)
    stored = IdempotencyKey.objects.filter(principal=principal, key=key).first()
    if stored is not None:
        if stored.fingerprint != fingerprint:
            raise KeyReused
        return Response(stored.body, stored.status, headers={"Idempotent-Replayed": "true"})
    response = work()
    IdempotencyKey.objects.create(
        principal=principal, key=key, fingerprint=fingerprint, status=response.status_code, body=response.data
    )
    return response


def _lock(principal: str, key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 7))", [f"{principal}\n{key}"])
        if not cursor.fetchone()[0]:
            raise KeyInUse(retry_after=1)


def _principal(request: Request) -> str:
    grant = grant_of(request)
    return f"{grant.actor.kind}:{grant.actor.id or rate_limits.client_key(request)}"


def _fingerprint(request: Request) -> str:
    data = dict(request.data.lists()) if isinstance(request.data, QueryDict) else request.data
    content = json.dumps([request.method, request.get_full_path(), data], sort_keys=True, default=_name_of_upload)
    return hashlib.sha256(content.encode()).hexdigest()


def _name_of_upload(value: Any) -> str:
    return f"{getattr(value, 'name', value)}:{getattr(value, 'size', '')}"
