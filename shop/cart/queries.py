"""Carts with their prices, taxes, stock and delivery options."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Prefetch, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from core.errors import Conflict
from core.money import Money
from shop.cart.models import Cart, CartLine
from shop.catalogue.models import Product, ProductImage
from shop.markets import queries as tax
from shop.pricing import calculation
from shop.pricing.models import Market, Price
from shop.shipping.models import ShippingMethod
from shop.shipping.queries import ShippingOption, add_working_days, get_delivery
from shop.stock.models import StockLevel

UNLIMITED = 9999


@dataclass(frozen=True, slots=True)
class CartViewLine:
    """A cart line with its current price. `unit` is None if it is no longer sold; `available` includes backorders.

    `tax_rate` is None if no rate is configured; then the line cannot be ordered.
    """

    line: CartLine
    unit: Money | None
    tax_rate: Decimal | None
    available: int

    @property
    def sku(self) -> str:
        return self.line.variant.sku

    @property
    def total(self) -> Money | None:
        return self.unit.times(self.line.quantity) if self.unit else None

    @property
    def is_unavailable(self) -> bool:
        return self.unit is None or self.available <= 0

    @property
    def is_short(self) -> bool:
        """Whether some items are available, but fewer than the quantity."""
        return not self.is_unavailable and self.available < self.line.quantity

    @property
    def changed_from(self) -> Money | None:
        """The price the visitor saw last, if it has changed since."""
        if self.unit is None or self.line.seen is None or self.line.seen == self.unit.minor:
            return None
        return Money(self.line.seen, self.unit.currency)


@dataclass(frozen=True, slots=True)
class CartView:
    """A priced cart. Lines that cannot be sold are listed, but not part of the quote."""

    cart: Cart
    country: str
    lines: tuple[CartViewLine, ...]
    method: ShippingMethod | None
    quote: calculation.Quote

    @property
    def count(self) -> int:
        return sum(line.line.quantity for line in self.lines)

    @property
    def needs_shipping(self) -> bool:
        return any(not line.line.variant.is_digital for line in self.lines)

    @property
    def problems(self) -> tuple[CartViewLine, ...]:
        """Lines that cannot be ordered as they are."""
        return tuple(line for line in self.lines if line.is_unavailable or line.is_short)

    @property
    def untaxed(self) -> tuple[CartViewLine, ...]:
        """Lines without a tax rate for the country."""
        return tuple(line for line in self.lines if line.unit is not None and line.tax_rate is None)


def get_cart_by_token(token: str) -> Cart | None:
    """The cart of a token, in any state; one query."""
    return Cart.objects.with_token(token).select_related("market", "user").first() if token else None


def count_items(cart: Cart) -> int:
    """The number of items in the cart; one query."""
    return cart.lines.aggregate(total=Sum("quantity"))["total"] or 0


def price_cart(
    cart: Cart,
    *,
    country: str = "",
    method: ShippingMethod | None = None,
    now: datetime | None = None,
    pictures: bool = False,
) -> CartView:
    """Price a cart for a country (by default the market's first); four queries, two more with pictures."""
    now = now or timezone.now()
    market = cart.market
    country = country or market.home_country
    lines = list(_get_lines(cart, pictures=pictures))
    amounts = _get_unit_prices(lines, market, now)
    # Orders that are picked up are taxed in the country of the shop.
    rates = tax.get_tax_rates(market.home_country if method and method.is_pick_up else country)
    free = _get_available(lines)
    views = tuple(
        CartViewLine(
            line=line,
            unit=market.money(amounts[line.pk]) if line.pk in amounts and _is_for_sale(line) else None,
            tax_rate=rates.get(line.variant.tax_class),
            available=UNLIMITED if line.variant.is_digital else free.get(line.variant_id, 0),
        )
        for line in lines
    )
    needs_shipping = any(not line.line.variant.is_digital for line in views)
    method = method if needs_shipping else None
    return CartView(cart, country, views, method, quote_lines(views, market, method))


def quote_lines(views: tuple[CartViewLine, ...], market: Market, method: ShippingMethod | None) -> calculation.Quote:
    """Quote the lines that can be sold; no query."""
    items = [
        calculation.Item(line.sku, line.line.quantity, line.unit, line.tax_rate or Decimal(0))
        for line in views
        if line.unit is not None and not line.is_unavailable
    ]
    return calculation.price_items(
        items,
        currency=market.currency,
        tax_included=market.prices_include_tax,
        delivery=get_delivery(method) if method else None,
    )


def get_shipping_options(
    cart_view: CartView, *, country: str = "", now: datetime | None = None
) -> list[ShippingOption]:
    """The delivery methods of this cart for a country, in order; one query."""
    today = timezone.localdate(now)
    methods = ShippingMethod.objects.to(cart_view.cart.market, country or cart_view.country).select_related("market")
    return [
        ShippingOption(
            method=method,
            price=get_delivery(method).price(cart_view.quote.goods),
            earliest=add_working_days(today, method.min_days),
            latest=add_working_days(today, method.max_days),
        )
        for method in methods
    ]


def _get_lines(cart: Cart, *, pictures: bool) -> QuerySet[CartLine]:
    lines = CartLine.objects.filter(cart=cart).select_related("variant__product").order_by("id")
    if pictures:
        images = ProductImage.objects.select_related("picture").order_by("position", "id")
        lines = lines.prefetch_related(
            Prefetch("variant__images", images), Prefetch("variant__product__images", images)
        )
    return lines


def _get_unit_prices(lines: list[CartLine], market: Market, now: datetime) -> dict[int, int]:
    """Unit prices by line: of the currently valid prices, the one of the highest quantity that is reached."""
    tiers: dict[int, list[tuple[int, int]]] = {}
    prices = Price.objects.valid(market, now).filter(variant__in=[line.variant_id for line in lines])
    for variant_id, min_qty, amount in prices.order_by("min_qty").values_list("variant_id", "min_qty", "amount"):
        tiers.setdefault(variant_id, []).append((min_qty, amount))
    reached = {
        line.pk: [amount for min_qty, amount in tiers.get(line.variant_id, []) if min_qty <= line.quantity]
        for line in lines
    }
    return {pk: amounts[-1] for pk, amounts in reached.items() if amounts}


def _get_available(lines: list[CartLine]) -> dict[int, int]:
    levels = StockLevel.objects.filter(variant__in=[line.variant_id for line in lines]).order_by()
    free = Sum(F("on_hand") - F("reserved") + F("backorder_limit"))
    return dict(levels.values("variant_id").annotate(free=free).values_list("variant_id", "free"))


def _is_for_sale(line: CartLine) -> bool:
    return line.variant.is_active and line.variant.product.status == Product.Status.ACTIVE


class TaxRateMissing(Conflict):
    code = "tax_not_decided"
    message = _("These products cannot be delivered to %(country)s yet: %(titles)s. Please contact us.")

    @classmethod
    def of(cls, view: CartView, *, field: str = "") -> "TaxRateMissing":
        titles = ", ".join(entry.line.variant.product.title for entry in view.untaxed)
        is_pick_up = view.method is not None and view.method.is_pick_up
        country = view.cart.market.home_country if is_pick_up else view.country
        return cls(country=countries.name(country) or country, titles=titles, field=field)
