"""Products in the staff area: slugs, variants, prices and pictures, through the services of the catalogue."""

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as PillowImage

from core.content.services.pictures import add_picture
from core.testing import events_named, no_event
from shop.catalogue.models import Category, Option, Product, ProductImage, ProductSlug, Variant
from shop.pricing.models import Price
from shop.tests.factories import (
    SYSTEM,
    OptionValueFactory,
    shop_ready,
)
from shop.tests.pages import product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]


def png() -> SimpleUploadedFile:
    out = BytesIO()
    PillowImage.new("RGB", (8, 8), "#a5bba3").save(out, "PNG")
    return SimpleUploadedFile("mug.png", out.getvalue(), "image/png")


def product_form(product: Product, **changes: Any) -> dict[str, Any]:
    """What the product's page in the admin sends when nothing was touched, and then the changes."""
    variants = list(product.variants.order_by("position", "id"))
    form: dict[str, Any] = {
        "title": product.title,
        "slug": product.slug,
        "status": product.status,
        "category": product.category_id,
        "summary": product.summary,
        "description": product.description,
        "attributes": "{}",
        "variants-TOTAL_FORMS": len(variants),
        "variants-INITIAL_FORMS": len(variants),
        "images-TOTAL_FORMS": 0,
        "images-INITIAL_FORMS": 0,
    }
    for index, variant in enumerate(variants):
        row = {
            "id": variant.pk,
            "product": product.pk,
            "sku": variant.sku,
            "title": variant.title,
            "chosen": [chosen.value_id for chosen in variant.option_values.all()],
            "price": "34.00",
            "weight_g": variant.weight_g,
            "tax_class": variant.tax_class,
            "is_active": "on",
            "position": variant.position,
        }
        form |= {f"variants-{index}-{name}": value for name, value in row.items()}
    return form | changes


def errors_of(answer: Any) -> Any:
    context = answer.context
    return [context["adminform"].form.errors, *(formset.formset.errors for formset in context["inline_admin_formsets"])]


@pytest.mark.parametrize("count", [1, 24])
def test_a_products_page_costs_the_same_however_many_variants_and_pictures(
    desk: Client, django_assert_max_num_queries: Any, count: int
):
    shop_ready()
    product = product_with("mug", **{f"g{index}": 1 for index in range(count)})
    for variant in product.variants.all():
        picture = add_picture(upload=png(), alt="A mug", by=SYSTEM)
        ProductImage.objects.create(product=product, variant=variant, picture=picture)

    with django_assert_max_num_queries(16):
        answer = desk.get(f"/admin/shop/product/{product.pk}/change/")

    assert answer.status_code == 200


def test_a_new_slug_keeps_the_old_one_leading_here(desk: Client):
    shop_ready()
    product = product_with("mug", celadon=1)

    answer = desk.post(f"/admin/shop/product/{product.pk}/change/", product_form(product, slug="cup"))

    assert answer.status_code == 302, errors_of(answer)
    assert ProductSlug.objects.values_list("slug", "product__slug").get() == ("mug", "cup")
    assert events_named("product.changed")[-1].data["former_slug"] == "mug"


def test_anothers_former_slug_is_refused_in_words(desk: Client):
    shop_ready()
    ProductSlug.objects.create(product=product_with("mug", celadon=1), slug="cup")
    other = product_with("bowl", celadon=1)

    answer = desk.post(f"/admin/shop/product/{other.pk}/change/", product_form(other, slug="cup"))

    assert "Another product has used this slug." in answer.content.decode()
    assert Product.objects.get(pk=other.pk).slug == "bowl"


def test_a_price_is_changed_through_its_service_and_the_old_one_stays(desk: Client):
    shop_ready()
    product = product_with("mug", celadon=1)

    answer = desk.post(
        f"/admin/shop/product/{product.pk}/change/", product_form(product, **{"variants-0-price": "36.50"})
    )

    assert answer.status_code == 302, errors_of(answer)
    assert sorted(Price.objects.values_list("amount", flat=True)) == [3400, 3650]
    assert events_named("price.changed")[0].data["amount"] == 3650


def test_an_untouched_page_changes_no_price_and_no_option(desk: Client):
    shop_ready()
    product = product_with("mug", celadon=1)

    desk.post(f"/admin/shop/product/{product.pk}/change/", product_form(product))

    assert no_event("price.changed")
    assert len(events_named("product.changed")) == 1


def test_a_variant_is_added_with_its_options_and_price(desk: Client):
    shop_ready()
    product = product_with("mug", celadon=1)
    moss = OptionValueFactory(option=Option.objects.get(slug="glaze"), slug="moss", name="Moss")
    row = {
        "product": product.pk,
        "sku": "MUG-MOSS",
        "title": "Moss",
        "chosen": [moss.pk],
        "price": "39.00",
        "weight_g": "300",
        "tax_class": "standard",
        "is_active": "on",
        "position": "1",
    }
    more = {f"variants-1-{name}": value for name, value in row.items()}

    answer = desk.post(
        f"/admin/shop/product/{product.pk}/change/", product_form(product, **more, **{"variants-TOTAL_FORMS": 2})
    )

    assert answer.status_code == 302, errors_of(answer)
    made = Variant.objects.get(sku="MUG-MOSS")
    assert (made.combination, made.prices.get().amount) == ("glaze=moss", 3900)


def test_two_variants_cannot_stand_for_the_same_options(desk: Client):
    shop_ready()
    product = product_with("mug", celadon=1, moss=1)
    celadon = product.variants.get(sku="MUG-CELADON").option_values.get().value_id

    answer = desk.post(
        f"/admin/shop/product/{product.pk}/change/", product_form(product, **{"variants-1-chosen": [celadon]})
    )

    assert "The product already has a variant with these options." in answer.content.decode()
    assert Variant.objects.get(sku="MUG-MOSS").combination == "glaze=moss"


def test_a_picture_is_uploaded_and_made_anew(desk: Client):
    shop_ready()
    product = product_with("mug", celadon=1)
    picture = {
        "images-TOTAL_FORMS": 1,
        "images-0-product": product.pk,
        "images-0-file": png(),
        "images-0-alt": "A celadon mug",
        "images-0-variant": product.variants.get().pk,
        "images-0-position": "0",
    }

    answer = desk.post(f"/admin/shop/product/{product.pk}/change/", product_form(product, **picture))

    assert answer.status_code == 302, errors_of(answer)
    image = ProductImage.objects.select_related("picture").get()
    assert (image.picture.alt, image.picture.width, image.variant.sku) == ("A celadon mug", 8, "MUG-CELADON")
    assert image.picture.file.name.endswith(".webp")


@pytest.mark.parametrize(
    ("file", "alt", "words"),
    [
        (SimpleUploadedFile("x.png", b"not a picture"), "A mug", "This file is not a picture we can use."),
        (None, "A mug", "Choose a picture."),
    ],
)
def test_what_is_not_a_picture_is_refused_in_words(desk: Client, file: Any, alt: str, words: str):
    shop_ready()
    product = product_with("mug", celadon=1)
    picture = {"images-TOTAL_FORMS": 1, "images-0-product": product.pk, "images-0-alt": alt, "images-0-position": "3"}

    answer = desk.post(
        f"/admin/shop/product/{product.pk}/change/",
        product_form(product, **picture, **({"images-0-file": file} if file else {})),
    )

    assert words in answer.content.decode()
    assert not ProductImage.objects.exists()


def test_a_category_cannot_hide_behind_a_page(desk: Client):
    answer = desk.post("/admin/shop/category/add/", {"name": "Cart", "slug": "cart", "position": "0"})

    assert "A page of the shop already uses this slug." in answer.content.decode()
    assert not Category.objects.exists()


def test_a_price_in_the_admin_is_exact_to_the_cent(desk: Client):
    shop_ready()
    product = product_with("mug", celadon=1)

    answer = desk.post(
        f"/admin/shop/product/{product.pk}/change/", product_form(product, **{"variants-0-price": "34.001"})
    )

    assert "Enter a valid amount." in answer.content.decode()
    assert Decimal(Price.objects.get().amount) == 3400
