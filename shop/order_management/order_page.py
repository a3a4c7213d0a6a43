"""One order as its page shows it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from django.db.models import Case, Count, F, OuterRef, Prefetch, Subquery, When, Window, prefetch_related_objects
from django.db.models.functions import RowNumber

from core.content.models import columns_of, image_of
from core.context import Grant
from core.events.models import Event
from core.media.images import Image
from shop.catalogue.models import ProductImage
from shop.order_management import order_queries as orders
from shop.order_management.order_queries import PaymentSummary
from shop.orders.models import Fulfilment, FulfilmentLine, Order, OrderLine
from shop.payments.models import Payment, Refund

# The first picture of a line's variant, or else of its product, as the columns that `image_of` takes.
LINE_PICTURE = (
    ProductImage.objects.filter(product=OuterRef("variant__product"))
    .annotate(rank=Case(When(variant=OuterRef("variant"), then=0), default=1))
    .order_by("rank", "position", "id")
    .values(drawn=columns_of("picture"))[:1]
)
MAX_PREVIEW_LINES = 3  # lines of an order in a list


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel that left; `parts` says how many pieces of which line are in it."""

    fulfilment: Fulfilment
    lines: Sequence[tuple[int, OrderLine]]


@dataclass(frozen=True, slots=True)
class OrderPage:
    """An order with all that happened to it; `lines` come with their picture."""

    order: Order
    lines: Sequence[tuple[OrderLine, Image | None]]
    shipments: Sequence[Shipment]
    payment_summary: PaymentSummary
    events: Sequence[Event]

    @property
    def can_be_sent(self) -> bool:
        """Whether it is paid and pieces are left to send."""
        return self.order.status in Order.CONFIRMED and any(line.to_send for line, _image in self.lines)

    @property
    def can_be_refunded(self) -> bool:
        """Whether money is there that can still go back."""
        return self.order.paid_at is not None and bool(self.payment_summary.refundable)


def find_order(number: str, viewer: Grant, signature: str = "") -> Order | None:
    """The order, for those who may see it or hold its signed link; one query."""
    allowed = orders.get_order_by_link(number, signature) if signature else orders.get_visible_orders(viewer)
    return allowed.select_related("market", "shipping_method", "user").filter(number=number).first()


def get_order_page(order: Order) -> OrderPage:
    """All an order's page shows; four queries, three while nothing was sent."""
    prefetch_related_objects(
        [order],
        Prefetch("lines", OrderLine.objects.annotate(drawn=Subquery(LINE_PICTURE))),
        Prefetch("payments", Payment.objects.with_surplus().order_by("id")),
    )
    lines = list(order.lines.all())
    return OrderPage(
        order=order,
        lines=[(line, image_of(**line.drawn) if line.drawn else None) for line in lines],  # type: ignore[attr-defined]
        shipments=_get_shipments(order, lines),
        payment_summary=orders.get_payment_summary(order),
        events=orders.get_events(order),
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """An order in a list: the pictures of its first lines, and what is in it."""

    images: Sequence[Image | None]
    titles: Sequence[str]
    more: int  # lines that are not named


def get_previews(orders: Sequence[Order]) -> dict[int, Preview]:
    """By key of the order; one query, of at most `PREVIEWED` lines an order."""
    place = Window(RowNumber(), partition_by=F("order_id"), order_by=F("id").asc())
    count = Window(Count("id"), partition_by=F("order_id"))
    lines = (
        OrderLine.objects.filter(order__in=orders)
        .annotate(place=place, count=count)
        .filter(place__lte=MAX_PREVIEW_LINES)
        .annotate(drawn=Subquery(LINE_PICTURE))
        .order_by("order_id", "id")
    )
    found = {key: list(some) for key, some in groupby(lines, attrgetter("order_id"))}
    return {
        key: Preview(
            images=[image_of(**line.drawn) if line.drawn else None for line in some],
            titles=_get_titles(some),
            more=some[0].count - len(some),
        )
        for key, some in found.items()
    }


def _get_titles(lines: Sequence[OrderLine]) -> list[str]:
    """How many of what; variants of one product count together."""
    quantities: Counter[str] = Counter()
    for line in lines:
        quantities[line.title] += line.quantity
    return [f"{quantity} × {title}" if quantity > 1 else title for title, quantity in quantities.items()]


def get_refunds(page: OrderPage) -> list[Refund]:
    """What went back of each payment, or is on its way, oldest first; one query."""
    prefetch_related_objects([page.order], Prefetch("payments__refunds", Refund.objects.order_by("id")))
    return [made for attempt in page.order.payments.all() for made in attempt.refunds.all()]


def _get_shipments(order: Order, lines: Sequence[OrderLine]) -> list[Shipment]:
    """One query; none while nothing was sent."""
    if not any(line.quantity_fulfilled for line in lines):
        return []
    known = {line.pk: line for line in lines}
    found = FulfilmentLine.objects.filter(fulfilment__order=order).select_related("fulfilment")
    return [
        Shipment(sent, [(part.quantity, known[part.line_id]) for part in parts])
        for sent, parts in groupby(found.order_by("fulfilment", "id"), attrgetter("fulfilment"))
    ]
