"""How much unpaid orders may hold of the stock. The limits are far from what a real buyer does.

A buyer who is signed in has confirmed an address: sign-in asks for it. For guests, what their unpaid orders hold is
counted by e-mail address and by network. Advisory locks make those who order at once wait for each other, so that
together they stay within the limits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet, Sum
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from core import context, rate_limits
from core.errors import Conflict
from core.money import Money
from shop.orders.models import Order, OrderLine
from shop.payments import providers
from shop.payments.models import Payment
from shop.payments.providers.base import PaymentProvider


class TooMuchOnHold(Conflict):
    code = "too_much_on_hold"
    message = _(
        "Too many items are on hold in unpaid orders with this e-mail address or from this network. Pay or cancel one "
        "of these orders, order fewer items, or sign in."
    )


class TransferNotOffered(Conflict):
    code = "transfer_not_offered"
    message = _(
        "Without an account with a confirmed e-mail address, this payment method is for at most %(items)s items and a "
        "limited total. Choose another payment method, order fewer items, or sign in."
    )


@dataclass(frozen=True, slots=True)
class HeldStock:
    """What unpaid orders hold."""

    orders: int
    items: int
    value: int


def has_confirmed_email(user: User | None) -> bool:
    """Whether a buyer has confirmed an address, which nobody signs in without."""
    return user is not None


def network_digest() -> str:
    """The network that the request came from, in a form that names nobody; "" outside requests."""
    address = context.current().address
    return salted_hmac("shop.holds", rate_limits.network_of(address)).hexdigest()[:32] if address else ""


def get_hold_duration(provider: PaymentProvider, *, is_confirmed: bool) -> timedelta:
    """How long an unpaid order keeps its stock."""
    return provider.hold if is_confirmed else provider.guest_hold


def check_hold_limits(
    *, email: str, network: str, items: int, total: Money, provider: PaymentProvider, except_order: int | None = None
) -> None:
    """Refuse an order of a buyer without a confirmed address that would hold too much stock.

    `except_order` is the key of that order, if it exists already.

    Locks the address, then the network, until the end of the transaction. Raises TooMuchOnHold, TransferNotOffered.
    """
    if not items:
        return
    _lock(f"shop.hold:email:{email}")
    waiting = Order.objects.filter(status=Order.Status.PENDING_PAYMENT, user=None).exclude(pk=except_order or 0)
    own = waiting.filter(email=email)
    if not provider.pays_at_once:
        slow = own.filter(payments__provider__in=_get_slow_providers(), payments__status__in=Payment.LIVE).distinct()
        held, limit = _count_held(slow, total.currency), settings.GUEST_TRANSFER_PIECES
        if _exceeds(limit, held.items + items) or _exceeds_value(settings.GUEST_TRANSFER_VALUE, held, total):
            raise TransferNotOffered(items=limit, field="provider")
    held = _count_held(own, total.currency)
    too_many = _exceeds(settings.GUEST_HOLD_ORDERS, held.orders + 1)
    if too_many or _exceeds(settings.GUEST_HOLD_PIECES, held.items + items):
        raise TooMuchOnHold
    if _exceeds_value(settings.GUEST_HOLD_VALUE, held, total):
        raise TooMuchOnHold
    if network:
        _lock(f"shop.hold:network:{network}")
        held = _count_held(waiting.filter(network=network), total.currency)
        too_many = _exceeds(settings.NETWORK_HOLD_ORDERS, held.orders + 1)
        if too_many or _exceeds(settings.NETWORK_HOLD_PIECES, held.items + items):
            raise TooMuchOnHold


def count_stock_items(lines: Iterable[OrderLine]) -> int:
    """How many items of stock an order's lines hold."""
    return sum(line.quantity for line in lines if not line.is_digital)


def _count_held(orders: QuerySet[Order], currency: str) -> HeldStock:
    keys = list(orders.values_list("pk", "currency", "total"))
    lines = OrderLine.objects.filter(order__in=[pk for pk, _currency, _total in keys], is_digital=False)
    items: int = lines.aggregate(items=Sum("quantity", default=0))["items"]
    return HeldStock(len(keys), items, sum(total for _pk, kept, total in keys if kept == currency))


def _exceeds(limit: int, wanted: int) -> bool:
    """A limit of 0 is none."""
    return 0 < limit < wanted


def _exceeds_value(limits: dict[str, str], held: HeldStock, total: Money) -> bool:
    limit = limits.get(total.currency)
    return limit is not None and held.value + total.minor > Money.parse(limit, total.currency).minor


def _get_slow_providers() -> list[str]:
    return [one.code for one in providers.get_offered_providers() if not one.pays_at_once]


def _lock(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
