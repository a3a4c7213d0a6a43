"""The saved addresses of a customer, and the address a checkout starts with."""

from collections.abc import Iterable
from uuid import UUID

from accounts.users.models import User
from shop.addresses.models import SavedAddress

Address = dict[str, str]


def get_saved_addresses(person: User) -> list[SavedAddress]:
    """The default first, then the newest; bounded by MAX_ADDRESSES; one query."""
    return list(SavedAddress.objects.filter(user=person))


def get_saved_address(person: User, uid: UUID) -> SavedAddress | None:
    return SavedAddress.objects.filter(user=person, uid=uid).first()


def get_initial_address(person: User, countries: Iterable[str]) -> Address | None:
    """The default address, or else that of the latest order, if the market sells to its country; two queries."""
    within = list(countries)
    saved = SavedAddress.objects.filter(user=person, address__country__in=within).first()
    if saved is not None:
        return dict(saved.address)
    sent = person.orders.filter(shipping_address__country__in=within).order_by("-placed_at", "-id")
    latest: Address | None = sent.values_list("shipping_address", flat=True).first()
    return latest
