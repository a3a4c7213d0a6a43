"""What staff want to know at a glance: the day's orders, what is to be packed, what runs out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from accounts.users.models import User
from shop.catalogue.models import Product
from shop.orders.models import Order
from shop.stock.models import StockLevel

MAX_LOW_STOCK = 5
MAX_RECENT_ORDERS = 5


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Counts of orders, and the levels that are low, lowest first; `low_count` is how many there are in all."""

    placed_today: int
    to_pack: int
    waiting: int
    low: Sequence[StockLevel]
    low_count: int


def get_dashboard(now: datetime) -> Dashboard:
    """The state of the shop today; three queries."""
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    packing = Q(status__in=[Order.Status.PAID, Order.Status.PARTLY_FULFILLED])
    waiting = Q(status=Order.Status.PENDING_PAYMENT)
    recent = Order.objects.filter(packing | waiting | Q(placed_at__gte=today, placed_at__lt=today + timedelta(days=1)))
    counts = recent.aggregate(
        placed=Count("pk", filter=Q(placed_at__gte=today)),
        to_pack=Count("pk", filter=packing),
        waiting=Count("pk", filter=waiting),
    )
    low = get_low_stock()
    return Dashboard(counts["placed"], counts["to_pack"], counts["waiting"], list(low[:MAX_LOW_STOCK]), low.count())


def get_low_stock() -> QuerySet[StockLevel]:
    """Levels of what is sold that are at their low mark or under it, emptiest first."""
    sold = StockLevel.objects.filter(
        variant__is_active=True, variant__is_digital=False, variant__product__status=Product.Status.ACTIVE
    )
    free = sold.annotate(free=F("on_hand") - F("reserved")).filter(free__lte=F("low_at"))
    return free.select_related("variant__product", "warehouse").order_by("free", "id")


def get_customer_orders(person: User) -> QuerySet[Order]:
    """A person's orders, newest first."""
    return Order.objects.filter(user=person).order_by("-placed_at", "-id")
