"""What tests of pages share: products with glazes, and a browser that fills the checkout without scripts."""

from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from shop.catalogue.models import Product, Variant, VariantOptionValue
from shop.tests.factories import (
    BERLIN,
    CategoryFactory,
    OptionFactory,
    OptionValueFactory,
    ProductFactory,
    VariantFactory,
)

SAME_ORIGIN = {"headers": {"sec-fetch-site": "same-origin"}}


def product_with(slug: str = "straight-mug", **glazes: int) -> Product:
    """A product with a variant for each glaze and so many pieces of it on the shelf, at 34.00 each."""
    product = ProductFactory(slug=slug, title=slug.replace("-", " ").title())
    for position, (glaze, pieces) in enumerate(glazes.items()):
        variant_of(product, glaze, pieces, position=position)
    return product


def variant_of(product: Product, glaze: str, pieces: int, *, price: int = 3400, position: int = 0) -> Variant:
    """One more variant of a product: SKU and title follow the glaze."""
    option = OptionFactory()
    value = OptionValueFactory(option=option, slug=glaze, name=glaze.title())
    variant = VariantFactory(
        product=product,
        sku=f"{product.slug}-{glaze}".upper(),
        title=glaze.title(),
        combination=f"glaze={glaze}",
        position=position,
        price=price,
        stock=pieces,
    )
    VariantOptionValue.objects.create(variant=variant, option=option, value=value)
    return variant


def shelf_of(count: int, **glazes: int) -> list[Product]:
    """So many products in one category, alike but for their names."""
    CategoryFactory()
    return [product_with(f"piece-{index}", **(glazes or {"celadon": 5, "moss": 5})) for index in range(count)]


def add_to_cart(client: Client, sku: str, quantity: int = 1, **more: Any) -> Any:
    return client.post("/shop/cart/lines/", {"sku": sku, "quantity": quantity, **more}, **SAME_ORIGIN)


def check_out(client: Client, *, email: str = "buyer@example.com", provider: str = "sandbox") -> Any:
    """Walk the steps of the checkout up to the last press; returns its answer."""
    client.post("/shop/checkout/contact/", {"email": email})
    client.post("/shop/checkout/delivery/", {**BERLIN, "shipping_method": "standard"})
    to_review = client.post("/shop/checkout/payment/", {"provider": provider})
    review = client.get(to_review["Location"])
    return client.post(
        "/shop/checkout/review/", {"quote_hash": review.context["view"].quote.hash, "provider": provider}
    )


def decide(client: Client, answer: Any, outcome: str) -> Any:
    """Press a button on the provider's page and follow the way back; returns the order's page."""
    back = client.post(answer["Location"], {"outcome": outcome})
    return client.get(urlsplit(back["Location"]).path, follow=True)
