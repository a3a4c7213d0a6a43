"""Subscribe with double opt-in, and unsubscribe.

The response is the same whether the address is known or not. Links contain a signed uid and no address.
"""

from datetime import datetime, timedelta
from typing import Final

from allauth.account.models import EmailAddress
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.subscriptions import topics
from accounts.subscriptions.models import Subscription
from accounts.users.models import User
from core.context import Actor, Grant
from core.errors import Invalid, NotFound
from core.events import services as events
from core.validation.email_addresses import INVALID, canonical_email

State = Subscription.State

# How long a confirmation link is valid, and how soon another may be sent.
CONFIRMATION_MAX_AGE: Final = timedelta(days=7)
CONFIRMATION_INTERVAL: Final = timedelta(hours=6)
# Confirmation emails to an address for all topics within CONFIRMATION_INTERVAL.
MAX_CONFIRMATIONS: Final = 3

_confirm_signer = signing.TimestampSigner(salt="accounts.subscription.yes")
_unsubscribe_signer = signing.Signer(salt="accounts.subscription.no")


class TopicNotFound(NotFound):
    code = "no_such_topic"
    message = _("There is nothing to subscribe to here.")


class InvalidEmail(Invalid):
    code = "invalid_email"
    message = INVALID


class InvalidLink(Invalid):
    code = "link_unfit"
    message = _("This link is invalid or has expired. Subscribe again to get a new one.")


@transaction.atomic
def subscribe(*, email: str, topic: str, viewer: Grant, source: str, now: datetime | None = None) -> bool:
    """Subscribe to a topic. Returns True when active at once, for the viewer's own verified address.

    Other addresses get a confirmation email, at most every CONFIRMATION_INTERVAL and MAX_CONFIRMATIONS times for all
    topics; the response does not reveal it. Locks the address. Raises TopicNotFound, InvalidEmail. Records
    subscription.confirmed or subscription.asked.
    """
    now, email = now or timezone.now(), _clean_email(email)
    if topic not in topics.describe([topic], viewer):
        raise TopicNotFound(field="topic")
    _lock_address(email)
    owner = _get_owner(email)
    row = Subscription.objects.filter(email=email, topic=topic).first()
    row = row or Subscription(email=email, topic=topic, created_at=now)
    is_own = owner is not None and owner == viewer.user
    if row.state == State.ACTIVE:
        return is_own
    row.user = owner
    if is_own:
        row.source = source
        _activate(row, by=viewer.actor, now=now)
        return True
    if _can_send_confirmation(row, now):
        row.source, row.state, row.asked_at, row.ended_at = source, State.PENDING, now, None
        row.save()
        events.record("subscription.asked", row, by=viewer.actor, now=now, topic=topic)
    return False


def _clean_email(text: str) -> str:
    try:
        return canonical_email(text)
    except ValidationError:
        raise InvalidEmail(field="email") from None


@transaction.atomic
def confirm(*, token: str, by: Actor, now: datetime | None = None) -> Subscription:
    """Confirm a subscription with the token of an email. Idempotent. Locks the subscription.

    Raises InvalidLink for an invalid or expired token, and after an end. Records subscription.confirmed.
    """
    row = Subscription.objects.locked().filter(uid=_read_confirm_token(token)).first()
    if row is None or row.state == State.ENDED:
        raise InvalidLink
    if row.state == State.PENDING:
        _activate(row, by=by, now=now or timezone.now())
    return row


@transaction.atomic
def unsubscribe(*, subscription_id: int, by: Actor, now: datetime | None = None) -> bool:
    """End a subscription; False when it had ended. Locks the subscription. Records subscription.ended."""
    row = Subscription.objects.locked().get(pk=subscription_id)
    if row.state == State.ENDED:
        return False
    row.state, row.ended_at = State.ENDED, now or timezone.now()
    row.save(update_fields=["state", "ended_at"])
    events.record("subscription.ended", row, by=by, now=now, topic=row.topic)
    return True


def get_by_confirm_token(token: str) -> Subscription:
    """Return the subscription of a confirmation token. Raises InvalidLink."""
    row = Subscription.objects.filter(uid=_read_confirm_token(token)).exclude(state=State.ENDED).first()
    if row is None:
        raise InvalidLink
    return row


def get_by_unsubscribe_token(token: str) -> Subscription:
    """Return the subscription of an unsubscribe token, which never expires. Raises InvalidLink."""
    try:
        uid = _unsubscribe_signer.unsign(token)
    except signing.BadSignature:
        raise InvalidLink from None
    row = Subscription.objects.filter(uid=uid).first()
    if row is None:
        raise InvalidLink
    return row


def get_confirm_token(row: Subscription) -> str:
    return _confirm_signer.sign(row.public_id)


def get_unsubscribe_token(row: Subscription) -> str:
    return _unsubscribe_signer.sign(row.public_id)


@transaction.atomic
def attach_subscriptions(*, user: User) -> None:
    """Attach subscriptions of verified addresses to a person, and move those of a former address.

    Where both addresses have the same topic, the former one is deleted. At most three queries.
    """
    proved = EmailAddress.objects.filter(user=user, verified=True).values("email")
    Subscription.objects.filter(email__in=proved, user__isnull=True).update(user=user)
    former = Subscription.objects.of(user).exclude(email=user.email)
    twin = Subscription.objects.filter(email=user.email, topic=OuterRef("topic"))
    strayed = former.exclude(email__in=proved)
    strayed.filter(Exists(twin)).delete()
    strayed.update(email=user.email)


def _activate(row: Subscription, *, by: Actor, now: datetime) -> None:
    row.state, row.confirmed_at, row.ended_at = State.ACTIVE, now, None
    row.save()
    events.record("subscription.confirmed", row, by=by, now=now, topic=row.topic)


def _can_send_confirmation(row: Subscription, now: datetime) -> bool:
    since = now - CONFIRMATION_INTERVAL
    if row.asked_at is not None and row.asked_at > since:
        return False
    return Subscription.objects.filter(email=row.email, asked_at__gt=since).count() < MAX_CONFIRMATIONS


def _get_owner(email: str) -> User | None:
    proved = EmailAddress.objects.filter(email=email, verified=True).values("user_id")
    return User.objects.filter(Q(pk__in=proved), is_active=True).first()


def _read_confirm_token(token: str) -> str:
    try:
        return _confirm_signer.unsign(token, max_age=CONFIRMATION_MAX_AGE)
    except signing.BadSignature:
        raise InvalidLink from None


def _lock_address(email: str) -> None:
    # Prevents two confirmation emails for concurrent forms.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"accounts.letters:{email}"])
