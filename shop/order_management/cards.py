"""Cards of orders."""

from collections.abc import Mapping, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from core.composition import cards
from core.composition.cards import Card
from core.context import Grant
from shop.order_management import timeline
from shop.order_management.order_page import Preview, get_previews
from shop.orders.models import Order


@cards.register("order")
def order_cards(numbers: list[str], viewer: Grant) -> Mapping[str, Card]:
    """Cards of orders the viewer may see, by number; one query."""
    found = Order.objects.visible_to(viewer).filter(number__in=numbers)
    return {order.number: build_order_card(order) for order in found}


def build_order_card(order: Order) -> Card:
    """An order, leading to its page; who may open that is asked there again."""
    return Card(
        kind="order",
        id=order.number,
        title=_("Order %(number)s") % {"number": order.number},
        url=reverse("shop:order", args=[order.number]),
        price=order.money(order.total),
        state=timeline.get_status_label(order),
    )


def get_order_rows(orders: Sequence[Order]) -> list[tuple[Order, Card, Preview | None]]:
    """A person's orders as their list shows them; one query."""
    seen = get_previews(orders) if orders else {}
    return [(order, build_order_card(order), seen.get(order.pk)) for order in orders]
