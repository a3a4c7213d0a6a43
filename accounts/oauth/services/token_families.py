"""All tokens that followed from one sign-in through a client are a family, and end together."""

from uuid import UUID

from django.db import connection, transaction

from accounts.oauth.models import Client, RefreshToken
from core.context import Actor
from core.events import services as events

CODE, REFRESH = "code", "refresh_token"


@transaction.atomic
def end_reused(*, family: UUID, client: Client, what: str) -> None:
    """End the family of a code or a refresh token that came a second time; once, however often it comes.

    Twins wait for each other by an advisory lock of the family: its rows may be locked by whoever brought them.
    Records client.reused, and user.reused_refresh_token for the person. A code comes twice when a page is loaded again,
    so that alone is no reason to alarm anybody.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"accounts.family:{family}"])
    alive = RefreshToken.objects.select_related("user").filter(token_family=family, revoked=None).first()
    if alive is None:
        return
    RefreshToken.revoke_family(family)
    by = Actor("client", client.public_id)
    events.record("client.reused", client, by=by, what=what)
    if what == REFRESH:
        events.record("user.reused_refresh_token", alive.user, by=by, client=client.public_id)
