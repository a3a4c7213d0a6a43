"""Change who a person is."""

from datetime import datetime
from typing import TypedDict, Unpack
from unicodedata import normalize

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import devices, entitlements
from core.content.models import Picture
from core.content.services import pictures
from core.context import Actor
from core.errors import Conflict, Denied, Invalid
from core.events import services as events
from core.validation.text import contains_control_characters, has_visible_text, strip_invisible


class AddressTaken(Conflict):
    code = "address_taken"
    message = _("Somebody with this e-mail address is known already.")


class Profile(TypedDict, total=False):
    """What people change about themselves; what is left out stays."""

    name: str
    bio: str
    avatar: Picture | None


class InvalidName(Invalid):
    code = "invalid_name"
    message = _("Enter a name with visible letters, without line breaks or other control characters.")


class InvalidBio(Invalid):
    code = "invalid_bio"
    message = _("Remove the control characters.")


def clean_name(text: str) -> str:
    """A name as it is stored: one line, composed, without what pasting leaves behind. Raises InvalidName."""
    if contains_control_characters(text):
        raise InvalidName(field="name")
    name = " ".join(normalize("NFC", strip_invisible(text)).split())
    if text.strip() and not has_visible_text(name):
        raise InvalidName(field="name")
    return name


@transaction.atomic
def add_person(
    *, email: str, by: Actor, name: str = "", password: str | None = None, now: datetime | None = None
) -> User:
    """Make an account for somebody whose address `by` vouches for; without a password they ask for one by mail.

    Raises Denied without accounts.add_user, and AddressTaken. Records user.added and what
    `confirm_address` records.
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
    """Take note that a person proved to own an address: what was bought with it as a guest becomes theirs.

    Locks the address. Records user.verified_email, and user.received_entitlements when something waited.
    """
    entitlements.attach_entitlements(user=user, email=email, by=by, now=now)
    events.record("user.verified_email", user, by=by, now=now)


@transaction.atomic
def change_profile(*, user_id: int, by: Actor, now: datetime | None = None, **changes: Unpack[Profile]) -> User:
    """Change the named parts of a profile; a picture that is shown no more goes with its files. Locks the person.

    Raises Denied unless it is one's own or `by` holds accounts.change_user, InvalidName, InvalidBio.
    Records user.changed_profile with the names of the changed parts when one really changed.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    if by.id != user.public_id and not by.can("accounts.change_user"):
        raise Denied(required_permission="accounts.change_user")
    if "name" in changes:
        changes["name"] = clean_name(changes["name"])
    if contains_control_characters(changes.get("bio", ""), allow="\n\r\t"):
        raise InvalidBio(field="bio")
    former = user.avatar
    changed = [name for name, value in changes.items() if getattr(user, name) != value]
    if changed:
        for name in changed:
            setattr(user, name, changes[name])  # type: ignore[literal-required]
        user.save(update_fields=changed)
        if "avatar" in changed and former is not None:
            pictures.remove_picture(former)
        events.record("user.changed_profile", user, by=by, now=now, changed=sorted(changed))
    return user


@transaction.atomic
def open_account(*, user_id: int, by: Actor, is_open: bool) -> bool:
    """Open an account, or close it: its sessions end and nobody signs in to it; False when it was so already.

    Locks the person. Raises Denied without accounts.change_user, for one's own account, and for a superuser's
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
