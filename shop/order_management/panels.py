"""What the shop adds to pages of others."""

from typing import Protocol

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.users.models import User
from core.composition import panels
from core.composition.panels import Panel
from core.context import Grant
from shop.order_management import queries as desk
from shop.order_management.cards import build_order_card, get_order_rows
from shop.orders.models import Order

VIEW_PERMISSION = "shop.view_order"


class Conversation(Protocol):
    """What of a room matters here: who the customer is, and what the room is about."""

    customer: User | None
    subject_kind: str
    subject_id: str


@panels.register("admin.index")
def today(_subject: None, viewer: Grant) -> Panel | None:
    """Orders to pack and shelves that run empty, for those who may see orders."""
    if not viewer.actor.can(VIEW_PERMISSION):
        return None
    return Panel(_("Shop"), "shop/panels/today.html", {"desk": desk.get_dashboard(timezone.now())}, 20)


@panels.register("account.overview")
def my_orders(person: User, viewer: Grant) -> Panel | None:
    """A person's latest orders, on their own page."""
    if viewer.user != person:
        return None
    orders = list(desk.get_customer_orders(person)[: desk.MAX_RECENT_ORDERS])
    return Panel(_("Your orders"), "shop/panels/own_orders.html", {"rows": get_order_rows(orders)}, 100)


@panels.register("customer.admin")
def orders_of_customer(person: User, viewer: Grant) -> Panel | None:
    """A customer's latest orders, on their page in the admin."""
    if not viewer.actor.can(VIEW_PERMISSION):
        return None
    orders = list(desk.get_customer_orders(person)[: desk.MAX_RECENT_ORDERS])
    return Panel(_("Orders"), "shop/panels/orders.html", {"rows": _rows(orders)}, 100) if orders else None


@panels.register("chat.beside")
def beside_conversation(room: Conversation, viewer: Grant) -> Panel | None:
    """The order a conversation is about, with what can be done about it, and the customer's other orders."""
    if not viewer.actor.can(VIEW_PERMISSION):
        return None
    about = Order.objects.filter(number=room.subject_id).first() if room.subject_kind == "order" else None
    others = desk.get_customer_orders(room.customer)[: desk.MAX_RECENT_ORDERS] if room.customer else []
    orders = [about, *(other for other in others if other != about)] if about else list(others)
    if not orders:
        return None
    may_refund = viewer.actor.can("shop.refund_order")
    return Panel(_("Orders"), "shop/panels/beside.html", {"rows": _rows(orders), "may_refund": may_refund}, 50)


def _rows(orders: list[Order]) -> list[tuple[Order, object]]:
    return [(order, build_order_card(order)) for order in orders]
