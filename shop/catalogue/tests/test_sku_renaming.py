"""A SKU that changes keeps working: in posts, links, carts and for programs; staff learn which posts name it."""

from typing import Any

import pytest
from django.test import Client

from core.composition import cards, cross_references
from core.context import Actor, Grant
from core.testing import events_named, no_event, open_tab
from shop.cart import services as cart
from shop.cart.models import CartLine
from shop.catalogue import services as catalogue
from shop.catalogue.models import Variant, VariantSku
from shop.catalogue.queries import resolve_sku
from shop.tests.factories import SYSTEM, shop_ready
from shop.tests.pages import add_to_cart, product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]

VIEWER = Grant("guest", Actor.guest(), frozenset())


@pytest.fixture
def renamed() -> Variant:
    """MUG-CELADON is MUG-GREEN now."""
    shop_ready()
    variant = product_with("mug", celadon=3, moss=3).variants.get(sku="MUG-CELADON")
    variant.sku = "MUG-GREEN"
    return catalogue.save_variant(variant=variant, by=SYSTEM)


def test_a_renamed_variant_is_found_by_both_skus(renamed: Variant):
    assert resolve_sku("MUG-CELADON") == resolve_sku("MUG-GREEN") == renamed
    assert resolve_sku("NO-SUCH") is None
    assert events_named("variant.renamed")[0].data == {"former_sku": "MUG-CELADON"}


def test_cards_of_posts_still_show_the_piece(renamed: Variant):
    found = cards.resolve([("product", "MUG-CELADON"), ("product", "NO-SUCH")], VIEWER)

    assert list(found) == [("product", "MUG-CELADON")]
    assert found["product", "MUG-CELADON"].id == "MUG-GREEN"


def test_cards_by_a_former_slug_of_a_product_still_show_it(renamed: Variant):
    product = renamed.product
    product.slug = "cup"
    catalogue.save_product(product=product, by=SYSTEM)

    assert cards.resolve([("product", "mug")], VIEWER)["product", "mug"].url == "/shop/p/cup/"


def test_a_link_with_the_former_sku_chooses_the_variant(client: Client, renamed: Variant):
    page = client.get("/shop/p/mug/?variant=MUG-CELADON")

    assert page.context["offer"].sku == "MUG-GREEN"


def test_the_former_sku_goes_into_the_cart_once(client: Client, renamed: Variant):
    add_to_cart(client, "MUG-GREEN", 1)
    add_to_cart(client, "MUG-CELADON", 1)

    line = CartLine.objects.get()
    assert (line.variant, line.quantity) == (renamed, 2)

    cart.set_quantity(cart_id=line.cart_id, sku="MUG-CELADON", quantity=1, by=SYSTEM)
    assert CartLine.objects.get().quantity == 1
    cart.remove_line(cart_id=line.cart_id, sku="MUG-CELADON", by=SYSTEM)
    assert not CartLine.objects.exists()


def test_a_former_sku_belongs_to_no_other_variant(renamed: Variant):
    moss = Variant.objects.get(sku="MUG-MOSS")
    moss.sku = "MUG-CELADON"

    with pytest.raises(catalogue.SkuTaken) as refused:
        catalogue.save_variant(variant=moss, by=SYSTEM)

    assert refused.value.field == "sku"
    assert Variant.objects.get(pk=moss.pk).sku == "MUG-MOSS"
    assert len(events_named("variant.renamed")) == 1


def test_a_sku_may_go_back_to_its_variant(renamed: Variant):
    renamed.sku = "MUG-CELADON"

    catalogue.save_variant(variant=renamed, by=SYSTEM)

    assert list(VariantSku.objects.values_list("sku", flat=True)) == ["MUG-GREEN"]
    assert resolve_sku("MUG-GREEN") == renamed


def test_renaming_in_the_admin_names_the_posts(desk: Client, monkeypatch: pytest.MonkeyPatch):
    shop_ready()
    product = product_with("mug", celadon=3)
    cross_references.replace(("post", "on-glazes"), [("product", "MUG-CELADON")])
    real = cards.resolve

    def resolve(pairs: Any, viewer: Grant) -> Any:
        wanted = list(pairs)
        if wanted == [("post", "on-glazes")]:
            return {wanted[0]: cards.Card("post", "on-glazes", "On glazes", "/journal/on-glazes/")}
        return real(wanted, viewer)

    monkeypatch.setattr(cards, "resolve", resolve)
    url = f"/admin/shop/product/{product.pk}/change/"

    answer = desk.post(url, open_tab(desk, url) | {"variants-0-sku": "MUG-GREEN"}, follow=True)

    words = " ".join(str(message) for message in answer.context["messages"])
    assert "MUG-CELADON is now MUG-GREEN. These posts use the former SKU" in words
    assert "On glazes" in words
    assert product.variants.get().sku == "MUG-GREEN"


def test_a_taken_sku_is_refused_at_its_field(desk: Client, renamed: Variant):
    url = f"/admin/shop/product/{renamed.product_id}/change/"

    answer = desk.post(url, open_tab(desk, url) | {"variants-1-sku": "MUG-CELADON"})

    formset = answer.context["inline_admin_formsets"][0].formset
    assert formset.errors[1] == {"sku": ["Another variant has used this SKU."]}
    assert Variant.objects.filter(sku="MUG-MOSS").exists()
    assert no_event("variant.changed")
