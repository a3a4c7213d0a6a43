"""Grant and end entitlements.

The shop calls these inside the payment's transaction. A guest's purchase is attached once somebody verifies its
address.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.permissions.models import Entitlement
from accounts.users.models import User
from accounts.users.queries import get_owner
from core.context import Actor
from core.errors import Invalid
from core.events import services as events
from core.validation.email_addresses import find_email


class HolderRequired(Invalid):
    code = "entitlement_without_holder"


@transaction.atomic
def grant_entitlement(
    *,
    kind: str,
    subject: str,
    source: tuple[str, str],
    by: Actor,
    user: User | None = None,
    email: str = "",
    since: datetime | None = None,
) -> Entitlement:
    """Grant an entitlement to a person or an address because of `source`, a (kind, public id).

    Idempotent. Locks the address until the end of the transaction. Raises HolderRequired without person and address.
    Records entitlement.granted on the source.
    """
    email = find_email(email)
    if user is None:
        if not email:
            raise HolderRequired
        _lock_address(email)
        user = get_owner(email)
    entitlement, made = Entitlement.objects.get_or_create(
        kind=kind,
        subject=subject,
        source_kind=source[0],
        source_id=source[1],
        defaults={"user": user, "email": email, "since": since or timezone.now()},
    )
    if made:
        holder = str(user.uid) if user else ""
        events.record("entitlement.granted", source, by=by, now=since, held_kind=kind, held_id=subject, holder=holder)
    return entitlement


@transaction.atomic
def end_entitlements(
    *, source: tuple[str, str], by: Actor, subjects: Collection[str] | None = None, now: datetime | None = None
) -> int:
    """End the entitlements of `source`, all or only `subjects`; returns how many.

    Locks the rows by key. Records entitlement.ended on the source, once for each row.
    """
    now = now or timezone.now()
    rows = Entitlement.objects.from_source(source).filter(ended_at__isnull=True)
    if subjects is not None:
        rows = rows.filter(subject__in=subjects)
    return _end_rows(list(rows.select_for_update().order_by("pk")), by=by, now=now)


@transaction.atomic
def end_entitlement(*, entitlement_id: int, by: Actor, now: datetime | None = None) -> bool:
    """End one entitlement; False when it had ended. Locks the row.

    Raises Denied without accounts.end_entitlement. Records entitlement.ended on its source.
    """
    by.require("accounts.end_entitlement")
    row = Entitlement.objects.select_for_update().filter(pk=entitlement_id, ended_at__isnull=True)
    return bool(_end_rows(list(row), by=by, now=now or timezone.now()))


@transaction.atomic
def attach_entitlements(*, user: User, email: str, by: Actor, now: datetime | None = None) -> int:
    """Attach the entitlements of a newly verified address to a person; returns how many.

    Locks the address until the end of the transaction. Records user.received_entitlements when there were any.
    """
    email = find_email(email)
    _lock_address(email)
    attached = Entitlement.objects.waiting_for(email).update(user=user)
    if attached:
        events.record("user.received_entitlements", user, by=by, now=now, count=attached)
    return attached


def _end_rows(rows: list[Entitlement], *, by: Actor, now: datetime) -> int:
    Entitlement.objects.filter(pk__in=[row.pk for row in rows]).update(ended_at=Greatest(F("since"), now))
    for row in rows:
        source = (row.source_kind, row.source_id)
        events.record("entitlement.ended", source, by=by, now=now, held_kind=row.kind, held_id=row.subject)
    return len(rows)


def _lock_address(email: str) -> None:
    # A grant and the verification of its address may run at the same time: without this the grant would see no owner
    # yet, the verification no grant yet, and the purchase would wait for ever.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"accounts.address:{email}"])
