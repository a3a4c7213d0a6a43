"""Add, change and remove the saved addresses of a customer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from core.context import Actor
from core.errors import Conflict, Denied, NotFound
from core.events import services as events
from shop.addresses import validation
from shop.addresses.models import MAX_ADDRESSES, SavedAddress


class TooManyAddresses(Conflict):
    code = "too_many_addresses"
    message = _("You can save %(limit)d addresses. Remove one first.")


class UnknownAddress(NotFound):
    code = "unknown_address"
    message = _("This address no longer exists.")


@transaction.atomic
def add_address(
    *, address: Mapping[str, Any], is_default: bool = False, by: Actor, now: datetime | None = None
) -> SavedAddress:
    """Save an address of the actor, or return the one that is saved already. The first becomes the default.

    Locks the person. Raises Denied, addresses.InvalidAddress, TooManyAddresses. Records address.added.
    """
    tidy = validation.clean_address(address)
    own = _lock_addresses(by)
    same = own.filter(address=tidy).first()
    if same is not None:
        return make_default(uid=same.uid, by=by, now=now) if is_default else same
    count = own.count()
    if count >= MAX_ADDRESSES:
        raise TooManyAddresses(limit=MAX_ADDRESSES)
    is_default = is_default or not count
    if is_default:
        own.update(is_default=False)
    saved = SavedAddress.objects.create(user=_get_user(by), address=tidy, is_default=is_default)
    events.record("address.added", saved, by=by, now=now)
    return saved


@transaction.atomic
def change_address(
    *, uid: UUID | str, address: Mapping[str, Any], by: Actor, now: datetime | None = None
) -> SavedAddress:
    """Replace a saved address of the actor.

    Locks the person. Raises Denied, UnknownAddress, addresses.InvalidAddress. Records address.changed.
    """
    saved = _get_locked_address(uid, by)
    saved.address = validation.clean_address(address)
    saved.save(update_fields=["address"])
    events.record("address.changed", saved, by=by, now=now)
    return saved


@transaction.atomic
def make_default(*, uid: UUID | str, by: Actor, now: datetime | None = None) -> SavedAddress:
    """Make an address the default, which the next checkout starts with.

    Locks the person. Raises Denied, UnknownAddress. Records address.changed.
    """
    saved = _get_locked_address(uid, by)
    if not saved.is_default:
        _lock_addresses(by).update(is_default=False)
        saved.is_default = True
        saved.save(update_fields=["is_default"])
        events.record("address.changed", saved, by=by, now=now)
    return saved


@transaction.atomic
def remove_address(*, uid: UUID | str, by: Actor, now: datetime | None = None) -> None:
    """Remove a saved address; the newest one left becomes the default.

    Locks the person. Raises Denied, UnknownAddress. Records address.removed.
    """
    saved = _get_locked_address(uid, by)
    events.record("address.removed", saved, by=by, now=now)
    saved.delete()
    left = _lock_addresses(by).first()
    if saved.is_default and left is not None:
        left.is_default = True
        left.save(update_fields=["is_default"])


def _get_user(by: Actor) -> User:
    if by.user is None:
        raise Denied
    return by.user


def _lock_addresses(by: Actor) -> Any:
    """Lock the actor and return their addresses, so that two requests cannot make two defaults."""
    person = User.objects.select_for_update(of=("self",), no_key=True).get(pk=_get_user(by).pk)
    return SavedAddress.objects.filter(user=person)


def _get_locked_address(uid: UUID | str, by: Actor) -> SavedAddress:
    saved: SavedAddress | None = _lock_addresses(by).filter(uid=uid).first()
    if saved is None:
        raise UnknownAddress
    return saved
