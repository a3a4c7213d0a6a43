"""Start and end impersonations.

The member of staff stays signed in; the session names the impersonation, and the row says whether it is active.
Impersonating grants no additional permissions: people with more permissions cannot be impersonated.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.impersonation.models import Impersonation
from accounts.permissions import queries as permission_queries
from accounts.users.models import User
from core.context import Actor
from core.errors import Conflict, Denied, Invalid
from core.events import services as events

MAX_DURATION: Final = timedelta(minutes=30)
PERMISSION: Final = "accounts.impersonate_user"


class ExceedsOwnPermissions(Denied):
    code = "impersonation_exceeds_own"
    message = _("You cannot impersonate somebody who has permissions that you do not have.")


class CannotImpersonateSelf(Conflict):
    code = "impersonation_of_oneself"
    message = _("You cannot impersonate yourself.")


class AccountClosed(Conflict):
    code = "account_closed"
    message = _("This account is disabled.")


class AlreadyImpersonating(Conflict):
    code = "impersonation_nested"
    message = _("You are already impersonating somebody. Stop that first.")


class ReasonMissing(Invalid):
    code = "reason_missing"
    message = _("Enter a reason.")


@transaction.atomic
def start(*, person_uid: UUID, reason: str, by: Actor, now: datetime | None = None) -> Impersonation:
    """Start impersonating a person; ends an earlier impersonation by the same member of staff.

    Locks the member of staff. Raises Denied without accounts.impersonate_user, AlreadyImpersonating,
    CannotImpersonateSelf, AccountClosed, ExceedsOwnPermissions, ReasonMissing. Records user.impersonated.
    """
    now = now or timezone.now()
    if by.impersonator:
        raise AlreadyImpersonating
    if by.user is None or not by.can(PERMISSION):
        raise Denied(required_permission=PERMISSION)
    if not reason.strip():
        raise ReasonMissing(field="reason")
    staff = User.objects.select_for_update(of=("self",)).get(pk=by.user.pk)
    person = _get_user_with_permissions(person_uid)
    _require_allowed(person, by)
    for earlier in Impersonation.objects.open().filter(by=staff).locked():
        _end(earlier, Impersonation.End.LIMIT if earlier.is_over(now) else Impersonation.End.STOPPED, by, now)
    begun = Impersonation.objects.create(
        by=staff, person=person, reason=reason.strip(), started_at=now, expires_at=now + MAX_DURATION
    )
    events.record(
        "user.impersonated", person, by=by, now=now, impersonation=begun.public_id, until=begun.expires_at.isoformat()
    )
    return begun


@transaction.atomic
def end(*, uid: UUID, because: str, by: Actor, now: datetime | None = None) -> bool:
    """End an impersonation; False when it had ended. Locks it. Records user.impersonation_ended."""
    row = Impersonation.objects.open().filter(uid=uid).select_related("person").locked().first()
    if row is None:
        return False
    _end(row, Impersonation.End(because), by, now or timezone.now())
    return True


@transaction.atomic
def end_all(*, person_uid: str, now: datetime | None = None) -> None:
    """End all impersonations by and of a person. Locks them. Records user.impersonation_ended for each."""
    rows = Impersonation.objects.open().filter(Q(by__uid=person_uid) | Q(person__uid=person_uid))
    for row in rows.select_related("person").locked():
        _end(row, Impersonation.End.REFUSED, Actor.system("accounts"), now or timezone.now())


def get_active_impersonation(*, uid: UUID, staff: User, now: datetime | None = None) -> Impersonation | None:
    """Return the active impersonation of a member of staff, with the person's permissions; else None.

    Ends one that expired, whose account was disabled or whose permission was lost. One query, or two.
    """
    now = now or timezone.now()
    known = Impersonation.objects.open().filter(uid=uid, by=staff).select_related("person")
    row = known.annotate(held=permission_queries.permission_names_subquery(OuterRef("person_id"))).first()
    if row is None:
        return None
    permission_queries.remember_permissions(row.person, row.held)
    by = Actor.person(staff)
    if row.is_over(now):
        end(uid=uid, because=Impersonation.End.LIMIT, by=by, now=now)
        return None
    try:
        _require_allowed(row.person, by)
    except (Denied, Conflict):
        end(uid=uid, because=Impersonation.End.REFUSED, by=by, now=now)
        return None
    return row


def can_impersonate(person: User, by: Actor) -> bool:
    """Whether `by` may impersonate this person now."""
    try:
        _require_allowed(person, by)
    except (Denied, Conflict):
        return False
    return not by.impersonator


def _require_allowed(person: User, by: Actor) -> None:
    if by.user is None or not by.can(PERMISSION):
        raise Denied(required_permission=PERMISSION)
    if by.user.pk == person.pk:
        raise CannotImpersonateSelf
    if not person.is_active:
        raise AccountClosed
    if person.is_superuser or not all(by.can(held) for held in person.get_all_permissions()):
        raise ExceedsOwnPermissions


def _get_user_with_permissions(person_uid: UUID) -> User:
    person = User.objects.annotate(held=permission_queries.permission_names_subquery(OuterRef("pk"))).get(
        uid=person_uid
    )
    permission_queries.remember_permissions(person, person.held)
    return person


def _end(row: Impersonation, because: Impersonation.End, by: Actor, now: datetime) -> None:
    row.ended_at, row.ended_because = now, because
    row.save(update_fields=["ended_at", "ended_because"])
    events.record(
        "user.impersonation_ended", row.person, by=by, now=now, impersonation=row.public_id, because=str(because)
    )
