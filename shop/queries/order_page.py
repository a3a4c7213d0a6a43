"""One order as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, prefetch_related_objects

from core.context import Grant
from core.media import Image
from core.models import Event
from shop.models import FulfilmentLine, Order, OrderLine, Payment, ProductImage, Refund
from shop.queries import orders
from shop.queries.orders import Standing


@dataclass(frozen=True, slots=True)
class OrderPage:
    """An order with all that happened to it; `lines` come with their picture."""

    order: Order
    lines: Sequence[tuple[OrderLine, Image | None]]
    standing: Standing
    events: Sequence[Event]


def find_order(number: str, viewer: Grant, signature: str = "") -> Order | None:
    """The order, for those who may see it or hold its signed link; one query."""
    allowed = orders.behind_link(number, signature) if signature else orders.visible_to(viewer)
    return allowed.select_related("market", "shipping_method", "user").filter(number=number).first()


def order_page(order: Order) -> OrderPage:
    """All an order's page shows; seven queries at most."""
    prefetch_related_objects(
        [order],
        Prefetch("lines", OrderLine.objects.select_related("variant")),
        Prefetch(
            "payments",
            Payment.objects.order_by("id").prefetch_related(Prefetch("refunds", Refund.objects.order_by("id"))),
        ),
        Prefetch("fulfilments__lines", FulfilmentLine.objects.select_related("line")),
    )
    lines = list(order.lines.all())
    pictures = _pictures(lines)
    return OrderPage(
        order=order,
        lines=[(line, pictures.get(line.pk)) for line in lines],
        standing=orders.standing(order),
        events=orders.timeline(order),
    )


def _pictures(lines: Sequence[OrderLine]) -> dict[int, Image]:
    """The first picture of each line's variant, or of its product."""
    products = {line.variant.product_id for line in lines}
    own: dict[int, Image] = {}
    shared: dict[int, Image] = {}
    for image in ProductImage.objects.filter(product__in=products).select_related("picture").reverse():
        if image.variant_id:
            own[image.variant_id] = image.picture.image
        shared[image.product_id] = image.picture.image
    chosen = ((line.pk, own.get(line.variant_id) or shared.get(line.variant.product_id)) for line in lines)
    return {pk: image for pk, image in chosen if image}
