"""Account deletion: requested, cancelled within the grace period, or carried out handler by handler.

Access ends at once: sessions, keys and tokens end, and after a new sign-in only the page to cancel is available. What
happens to each kind of data is defined in `accounts.privacy.registry`.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.api_keys.models import ApiKey
from accounts.data_requests.services.exports import get_person
from accounts.privacy import registry as privacy
from accounts.sessions import services as devices
from accounts.sessions.models import Device
from accounts.users.models import Closing, User
from core.context import Actor
from core.errors import Conflict, Denied, Invalid, NotFound
from core.events import services as events

GRACE_PERIOD: Final = timedelta(days=14)
REMINDER_BEFORE: Final = timedelta(days=1)  # before it is due
OWNER_SLUG: Final = "owner"
MAX_REASON_LENGTH: Final = 300
SYSTEM_ACTOR: Final = Actor.system("accounts.closing")

log = structlog.get_logger(__name__)


class OnlyOwner(Conflict):
    code = "only_owner"
    message = _("You are the only owner. Make somebody else an owner first.")


class DeletionAlreadyRequested(Conflict):
    code = "closing_already"
    message = _("The deletion of this account has already been requested.")


class ReasonMissing(Invalid):
    code = "closing_without_reason"
    message = _("Enter who requested it and how.")


class EmailMismatch(Invalid):
    code = "not_this_address"
    message = _("This is not the email address of this account.")


class DeletionAlreadyStarted(Conflict):
    code = "closing_too_late"
    message = _("It is too late to cancel: the account is being erased.")


def get_pending_deletion(user: User) -> Closing | None:
    """Return the pending deletion of an account. One query."""
    return Closing.objects.running().filter(user=user).first()


def can_erase(by: Actor, user: User) -> bool:
    """Whether `by` may delete an account. Only superusers may delete superusers."""
    beyond = user.is_superuser and not (by.user and by.user.is_superuser)
    return by.can("accounts.erase_user") and not beyond


@transaction.atomic
def request_deletion(*, user_id: int, by: Actor, reason: str = "", now: datetime | None = None) -> Closing:
    """Schedule the deletion of one's own account, or of another with accounts.erase_user, after GRACE_PERIOD.

    Locks the person. Sessions, keys and tokens end at once. Raises Denied, OnlyOwner, DeletionAlreadyRequested, and
    ReasonMissing for another person's account. Records user.closing_requested.
    """
    now = now or timezone.now()
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    own = by.id == user.public_id
    if by.user is None or user.is_erased or not (own or can_erase(by, user)):
        raise Denied
    if not own and not reason.strip():
        raise ReasonMissing(field="reason")
    if get_pending_deletion(user):
        raise DeletionAlreadyRequested
    if _is_only_owner(user):
        raise OnlyOwner
    closing = Closing.objects.create(
        user=user, asked_by=by.user, reason=reason.strip()[:MAX_REASON_LENGTH], asked_at=now, due_at=now + GRACE_PERIOD
    )
    _end_access(user, now)
    events.record("user.closing_requested", user, by=by, now=now, closing=closing.public_id)
    return closing


@transaction.atomic
def cancel_deletion(*, user_id: int, by: Actor, now: datetime | None = None) -> Closing:
    """Cancel a deletion. Keys and tokens stay ended.

    Locks the deletion. Raises Denied, NotFound without a pending deletion, DeletionAlreadyStarted once erasing has
    begun. Records user.closing_cancelled.
    """
    user = User.objects.get(pk=user_id)
    if by.id != user.public_id and not can_erase(by, user):
        raise Denied
    closing = Closing.objects.running().locked().filter(user=user).first()
    if closing is None:
        raise NotFound
    if closing.state != Closing.State.WAITING:
        raise DeletionAlreadyStarted
    closing.state, closing.ended_at = Closing.State.KEPT, now or timezone.now()
    closing.save(update_fields=["state", "ended_at"])
    events.record("user.closing_cancelled", user, by=by, now=now, closing=closing.public_id)
    return closing


def send_reminders(*, now: datetime | None = None) -> int:
    """Remind people whose account is erased within REMINDER_BEFORE, once each; returns how many. Records
    user.closing_near.
    """
    now = now or timezone.now()
    soon = Closing.objects.filter(
        state=Closing.State.WAITING, reminded_at=None, due_at__lte=now + REMINDER_BEFORE, due_at__gt=now
    )
    return sum(_record_reminder(pk, now) for pk in soon.values_list("pk", flat=True))


def erase_due_accounts(*, now: datetime | None = None) -> int:
    """Erase accounts whose grace period is over; returns how many were finished.

    Each handler runs in a transaction of its own, the account last. The next run resumes after a failure, because
    handlers are idempotent. Accounts with an obstacle are tried again.
    """
    now = now or timezone.now()
    due = Closing.objects.running().filter(due_at__lte=now).order_by("due_at")
    return sum(_erase_account(closing, now) for closing in due.select_related("user"))


def purge_last_addresses(*, now: datetime | None = None) -> None:
    """Clear addresses of last emails that could not be sent for a week."""
    before = (now or timezone.now()) - timedelta(days=7)
    Closing.objects.filter(ended_at__lt=before).exclude(last_address="").update(last_address="")


def _erase_account(closing: Closing, now: datetime) -> bool:
    person = get_person(closing.user)
    if privacy.get_erasure_obstacle(person):
        return False
    mine = Closing.objects.running().filter(pk=closing.pk)
    if not mine.update(state=Closing.State.ERASING):
        return False
    address = closing.user.email
    try:
        for name, handler in privacy.get_handlers().items():
            if name != privacy.LAST_HANDLER:
                with transaction.atomic():
                    handler.erase(person, now)
        return _finish_erasure(closing.pk, address, now)
    except Exception:
        log.exception("closing_not_carried_out", closing=closing.public_id)
        return False


@transaction.atomic
def _finish_erasure(pk: int, address: str, now: datetime) -> bool:
    """Erase the account itself and mark the deletion as done, in one transaction."""
    closing = Closing.objects.locked().select_related("user").get(pk=pk)
    if closing.state != Closing.State.ERASING:
        return False
    user = closing.user
    privacy.get_handlers()[privacy.LAST_HANDLER].erase(get_person(user), now)
    closing.state, closing.ended_at, closing.last_address, closing.reason = Closing.State.DONE, now, address, ""
    closing.save(update_fields=["state", "ended_at", "last_address", "reason"])
    events.record("user.erased", user, by=SYSTEM_ACTOR, now=now, closing=closing.public_id)
    return True


@transaction.atomic
def _record_reminder(pk: int, now: datetime) -> bool:
    closing = Closing.objects.locked().select_related("user").get(pk=pk)
    if closing.state != Closing.State.WAITING or closing.reminded_at is not None:
        return False
    closing.reminded_at = now
    closing.save(update_fields=["reminded_at"])
    events.record("user.closing_near", closing.user, by=SYSTEM_ACTOR, now=now, closing=closing.public_id)
    return True


def _end_access(user: User, now: datetime) -> None:
    theirs = Device.objects.filter(user=user).exclude(session_key="")
    Session.objects.filter(session_key__in=theirs.values("session_key")).delete()
    devices.end_access(user=user)
    ApiKey.objects.alive(now).filter(user=user).update(revoked_at=now)


def _is_only_owner(user: User) -> bool:
    owners = User.objects.filter(Q(is_superuser=True) | Q(groups__role__slug=OWNER_SLUG), is_active=True).distinct()
    if not owners.filter(pk=user.pk).exists():
        return False
    with connection.cursor() as cursor:  # of two last owners who go at once one stays: the second waits for the first
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('accounts.owners', 0))")
    staying = owners.exclude(closings__state__in=[Closing.State.WAITING, Closing.State.ERASING])
    return not staying.exclude(pk=user.pk).exists()
