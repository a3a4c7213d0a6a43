"""Create, verify, disable and enable accounts."""

from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.permissions.services import entitlements
from accounts.sessions import services as devices
from accounts.users.models import User
from accounts.users.services import clean_name
from core.context import Actor
from core.errors import Conflict, Denied
from core.events import services as events


class AddressTaken(Conflict):
    code = "address_taken"
    message = _("An account with this email address already exists.")


@transaction.atomic
def add_user(
    *, email: str, by: Actor, name: str = "", password: str | None = None, now: datetime | None = None
) -> User:
    """Create an account for a verified address; without a password the person resets it by email.

    Raises Denied without accounts.add_user, and AddressTaken. Records user.added and the events of `confirm_address`.
    """
    by.require("accounts.add_user")
    now = now or timezone.now()
    name = clean_name(name)
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name, created_at=now)
    except IntegrityError:
        raise AddressTaken(field="email") from None
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    events.record("user.added", user, by=by, now=now)
    confirm_address(user=user, email=user.email, by=by, now=now)
    return user


@transaction.atomic
def confirm_address(*, user: User, email: str, by: Actor, now: datetime | None = None) -> None:
    """Record that a person owns an address, and attach guest purchases.

    Locks the address. Records user.verified_email, and user.received_entitlements when there were any.
    """
    entitlements.attach_entitlements(user=user, email=email, by=by, now=now)
    events.record("user.verified_email", user, by=by, now=now)


@transaction.atomic
def open_account(*, user_id: int, by: Actor, is_open: bool) -> bool:
    """Enable or disable an account. Disabling ends its sessions. Returns False when nothing changed.

    Locks the person. Raises Denied without accounts.change_user, for one's own account, and for a superuser's account
    unless `by` is one. Records user.opened or user.closed.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    if user.is_active == is_open:
        return False
    beyond = user.is_superuser and not (by.user and by.user.is_superuser)
    by.require("accounts.change_user")
    if by.id == user.public_id or beyond:
        raise Denied
    user.is_active = is_open
    user.save(update_fields=["is_active"])
    devices.end_access(user=user)
    events.record("user.opened" if is_open else "user.closed", user, by=by)
    return True
