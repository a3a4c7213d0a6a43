"""Rows for tests. What services alone may write (orders, money, stock counters) is made by calling the services."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from factory.django import DjangoModelFactory

from core.context import Actor
from core.money import Money
from shop.cart import queries as carts
from shop.cart import services as cart
from shop.cart.models import Cart
from shop.catalogue.models import Category, Option, OptionValue, Product, Variant
from shop.checkout import services as checkout
from shop.orders.models import Order
from shop.payments.models import Payment
from shop.payments.providers import sandbox
from shop.payments.providers.sandbox import Outcome
from shop.payments.services import payments
from shop.pricing.models import Market, Price, TaxRate
from shop.shipping.models import ShippingMethod
from shop.stock import services as stock
from shop.stock.models import Warehouse

SYSTEM = Actor.system("test")
BERLIN = {"name": "Bea Buyer", "street": "Torstraße 1", "postcode": "10119", "city": "Berlin", "country": "DE"}
NEW_YORK = {"name": "Uma Usher", "street": "1 Main St", "postcode": "10001", "city": "New York", "country": "US"}


class MarketFactory(DjangoModelFactory[Market]):
    class Meta:
        model = Market
        django_get_or_create = ("code",)

    code = "eu"
    name = "Europe"
    currency = "EUR"
    prices_include_tax = True
    countries = ("DE", "FR")
    is_default = True


class TaxRateFactory(DjangoModelFactory[TaxRate]):
    class Meta:
        model = TaxRate
        django_get_or_create = ("country", "tax_class")

    country = "DE"
    tax_class = "standard"
    rate = Decimal("0.19")


class ShippingMethodFactory(DjangoModelFactory[ShippingMethod]):
    class Meta:
        model = ShippingMethod
        django_get_or_create = ("market", "code")

    market = factory.SubFactory(MarketFactory)
    code = "standard"
    name = "Standard delivery"
    amount = 490
    free_over = 10_000
    countries = ("DE", "FR")


class WarehouseFactory(DjangoModelFactory[Warehouse]):
    class Meta:
        model = Warehouse
        django_get_or_create = ("code",)

    code = "studio"
    name = "The studio"


class CategoryFactory(DjangoModelFactory[Category]):
    class Meta:
        model = Category
        django_get_or_create = ("slug",)

    slug = "cups-mugs"
    name = "Cups & mugs"


class ProductFactory(DjangoModelFactory[Product]):
    class Meta:
        model = Product

    slug = factory.Sequence(lambda n: f"mug-{n}")
    title = factory.Sequence(lambda n: f"Mug {n}")
    status = "active"
    summary = "A mug."
    category = factory.SubFactory(CategoryFactory)


class OptionFactory(DjangoModelFactory[Option]):
    class Meta:
        model = Option
        django_get_or_create = ("slug",)

    slug = "glaze"
    name = "Glaze"


class OptionValueFactory(DjangoModelFactory[OptionValue]):
    class Meta:
        model = OptionValue
        django_get_or_create = ("option", "slug")

    option = factory.SubFactory(OptionFactory)
    slug = factory.Sequence(lambda n: f"glaze-{n}")
    name = factory.Sequence(lambda n: f"Glaze {n}")
    swatch = "#a5bba3"


class VariantFactory(DjangoModelFactory[Variant]):
    """A variant that can be bought: `price` in minor units (None: not for sale), `stock` pieces on the shelf."""

    class Meta:
        model = Variant
        skip_postgeneration_save = True

    product = factory.SubFactory(ProductFactory)
    sku = factory.Sequence(lambda n: f"MUG-{n}")
    combination = factory.Sequence(lambda n: f"glaze=glaze-{n}")

    @factory.post_generation
    def price(self: Variant, create: bool, extracted: int | None, **_: Any) -> None:
        PriceFactory(variant=self, amount=3400 if extracted is None else extracted)

    @factory.post_generation
    def stock(self: Variant, create: bool, extracted: int | None, **_: Any) -> None:
        set_stock(self, 10 if extracted is None else extracted)


class PriceFactory(DjangoModelFactory[Price]):
    class Meta:
        model = Price

    variant = factory.SubFactory(VariantFactory)
    market = factory.SubFactory(MarketFactory)
    amount = 3400
    valid = factory.LazyFunction(lambda: DateTimeTZRange(timezone.now() - timedelta(days=365), None))


def set_stock(variant: Variant, quantity: int, *, warehouse: str = "studio", backorders: int = 0) -> None:
    """Receive stock as the service does; quantity 0 only makes sure that the warehouse exists."""
    WarehouseFactory(code=warehouse)
    if quantity:
        key = f"test:{variant.sku}:{warehouse}:{quantity}"
        stock.receive_stock(sku=variant.sku, quantity=quantity, warehouse=warehouse, key=key, by=SYSTEM)
    if backorders:
        stock.set_backorder_limit(sku=variant.sku, limit=backorders, warehouse=warehouse, by=SYSTEM)


def shop_ready() -> Market:
    """A market with a tax rate and a way of delivery."""
    TaxRateFactory()
    TaxRateFactory(country="FR", rate=Decimal("0.20"))
    return ShippingMethodFactory().market


def cart_with(
    pieces: Mapping[Variant, int],
    *,
    user: Any = None,
    source: tuple[str, str] | None = None,
    address: Mapping[str, str] = BERLIN,
    email: str = "buyer@example.com",
    shipping_method: str = "standard",
    now: Any = None,
) -> Cart:
    """An open cart that is ready to be ordered."""
    shop_ready()
    by = Actor.person(user) if user else Actor.guest()
    opened, _token = cart.open_cart(by=by, now=now)
    for variant, quantity in pieces.items():
        cart.add_line(cart_id=opened.pk, sku=variant.sku, quantity=quantity, source=source, by=by, now=now)
    return cart.set_details(
        cart_id=opened.pk, email=email, shipping_address=address, shipping_method=shipping_method, by=by, now=now
    )


def get_quote_hash(opened: Cart, now: Any = None) -> str:
    country = opened.shipping_address.get("country", "")
    return carts.price_cart(opened, country=country, method=opened.shipping_method, now=now).quote.hash


def place(
    pieces: Mapping[Variant, int] | None = None, *, provider: str = "sandbox", now: Any = None, **about: Any
) -> Order:
    """An order that waits for its payment; of one new mug when no pieces are named."""
    opened = cart_with(pieces or {VariantFactory(): 1}, now=now, **about)
    by = Actor.person(opened.user) if opened.user else Actor.guest()
    return checkout.place_order(
        cart_id=opened.pk, quote_hash=get_quote_hash(opened, now), provider=provider, by=by, now=now
    )


def start(order: Order, *, now: Any = None) -> Payment:
    """The order's live attempt, made known to its provider."""
    return payments.pay_order(order_id=order.pk, provider="sandbox", return_url="/back/", by=SYSTEM, now=now)


def settle(attempt: Payment, outcome: Outcome = Outcome.PAY, *, now: Any = None) -> Payment:
    """The customer decides on the provider's page, and the shop hears of it."""
    sandbox.settle_charge(ref=attempt.provider_ref, outcome=outcome, now=now, webhook_delays=())
    return payments.sync_payment(payment_id=attempt.pk, by=SYSTEM, now=now)


def paid(pieces: Mapping[Variant, int] | None = None, **about: Any) -> Order:
    """An order that is placed and paid."""
    order = place(pieces, **about)
    now = about.get("now")
    settle(start(order, now=now), now=now)
    order.refresh_from_db()
    return order


def euros(amount: str) -> Money:
    return Money.parse(amount, "EUR")
