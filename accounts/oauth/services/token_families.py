"""Token families: all tokens that descend from one authorization, which are revoked together."""

from uuid import UUID

from django.db import connection, transaction

from accounts.oauth.models import Client, RefreshToken
from core.context import Actor
from core.events import services as events

CODE, REFRESH = "code", "refresh_token"


@transaction.atomic
def revoke_reused_family(*, family: UUID, client: Client, what: str) -> None:
    """Revoke all tokens of a family after a code or a refresh token was used twice. Idempotent.

    Serialised by an advisory lock of the family, because its rows may be locked by the requests that reuse it.
    Records oauth.token_reuse_detected, and for a refresh token user.reused_refresh_token, of which the person is
    notified. Reloading a page can repeat a code, so a reused code alone notifies no one.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"accounts.family:{family}"])
    alive = RefreshToken.objects.select_related("user").filter(token_family=family, revoked=None).first()
    if alive is None:
        return
    RefreshToken.revoke_family(family)
    by = Actor("client", client.public_id)
    events.record("oauth.token_reuse_detected", client, by=by, what=what)
    if what == REFRESH:
        events.record("user.reused_refresh_token", alive.user, by=by, client=client.public_id)
