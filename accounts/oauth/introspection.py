"""Services of one's own ask whether a token is good (RFC 7662), for each request of theirs if they like.

So an answer is one query, and a client's secret is hashed once in a process: that it was right is remembered by a
digest over the secret and what the database keeps of it. A renewed secret is another row's value, so the former is
hashed again and refused at once. Nothing is remembered of tokens.
"""

from base64 import b64decode
from hashlib import sha256
from typing import Any, Final
from urllib.parse import unquote_plus

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider import views

from accounts import queries
from accounts.models import Client
from accounts.oauth.views import too_often

MOST_PROVEN: Final = 1000

_proven: set[bytes] = set()


@method_decorator(csrf_exempt, name="dispatch")
class Introspect(views.IntrospectTokenView):
    """For clients with a secret, and by POST alone. Says whose a token is by the same `sub` as ID tokens."""

    http_method_names = ["post", "options"]  # noqa: RUF012  Django's way
    asking: Client | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Tries are counted until one was right: a service may ask as often as it is asked."""
        if str(request.method).lower() not in self.http_method_names:
            not_allowed: HttpResponseBase = self.http_method_not_allowed(request)
            return not_allowed
        client_id, secret = _credentials(request)
        asking = queries.asked_about(request.POST.get("token", ""), client_id) if client_id else None
        is_known = asking is not None and _mark(secret, asking.client_secret) in _proven
        if not is_known and (refusal := too_often(request)):
            return refusal
        if asking is not None and asking.is_usable(request) and (is_known or _is_right(secret, asking)):
            self.asking = asking
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def authenticate_client(self, request: HttpRequest) -> bool:
        """Otherwise the toolkit takes a token of a client's own with the scope `introspection`."""
        return self.asking is not None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        token = request.POST.get("token")
        if token is None:
            return JsonResponse({"error": "invalid_request"}, status=400)
        told = queries.told_about(token) if self.asking is None else self.asking.told
        if told is None:
            return JsonResponse({"active": False})
        said = {name: value for name, value in told.items() if value}
        issuer = settings.OAUTH2_PROVIDER["OIDC_ISS_ENDPOINT"]
        return JsonResponse({"active": True, **said, "exp": int(told["exp"]), "iss": issuer})


def _credentials(request: HttpRequest) -> tuple[str, str]:
    """The client that asks and its secret, from the header (RFC 6749, 2.3.1) or the body; "" where there is none."""
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    client_id, secret = request.POST.get("client_id", ""), request.POST.get("client_secret", "")
    if scheme.lower() == "basic":
        try:
            client_id, _colon, secret = b64decode(given, validate=True).decode().partition(":")
        except ValueError:
            return "", ""
        client_id, secret = unquote_plus(client_id), unquote_plus(secret)
    return ("", "") if "\0" in client_id else (client_id, secret)


def _is_right(secret: str, client: Client) -> bool:
    if not check_password(secret, client.client_secret):
        return False
    if len(_proven) >= MOST_PROVEN:
        _proven.clear()
    _proven.add(_mark(secret, client.client_secret))
    return True


def _mark(secret: str, kept: str) -> bytes:
    return sha256(f"{kept}:{secret}".encode()).digest()
