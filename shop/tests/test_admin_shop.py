"""The shop in the staff area: lists of bounded cost, and verbs that are the services' own."""

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as PillowImage

from core import testing
from core.context import Actor
from core.pictures import add_picture
from core.testing import events_named, no_event
from shop.models import (
    Category,
    Option,
    Order,
    Price,
    Product,
    ProductImage,
    ProductSlug,
    Review,
    StockLevel,
    StockMovement,
    Variant,
)
from shop.providers import sandbox
from shop.services import payment, refund, reviews
from shop.tests.factories import (
    SYSTEM,
    OptionValueFactory,
    VariantFactory,
    euros,
    paid,
    place,
    shop_ready,
    start,
)
from shop.tests.pages import product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]

REGISTERED = [
    "bankbooking",
    "category",
    "ledgerentry",
    "market",
    "option",
    "order",
    "payment",
    "price",
    "product",
    "refund",
    "reservation",
    "review",
    "sandboxcharge",
    "shippingmethod",
    "stocklevel",
    "stockmovement",
    "taxrate",
    "variant",
    "warehouse",
    "webhookinbox",
]


@pytest.fixture
def desk(client: Client, manager: Any) -> Client:
    client.force_login(manager)
    return client


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


@pytest.mark.parametrize("count", [1, 24, 100])
def test_every_list_costs_the_same_however_long(
    desk: Client, manager: Any, deliver_events: Any, django_assert_max_num_queries: Any, count: int
):
    variant = VariantFactory(stock=count)
    for index in range(count):
        order = paid({variant: 1})
        refund.request_refund(order_id=order.pk, reason="broke", by=Actor.person(manager))
        product = product_with(f"cup-{index}", celadon=1)
        Category.objects.create(slug=f"c{index}", name="C", parent=product.category)
        Option.objects.create(slug=f"o{index}", name="O")
    deliver_events()

    for name in REGISTERED:
        with django_assert_max_num_queries(12):
            answer = desk.get(f"/admin/shop/{name}/")
        assert answer.status_code == 200


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


@pytest.mark.parametrize("count", [1, 24])
def test_an_orders_page_costs_the_same_whatever_is_in_it(desk: Client, django_assert_max_num_queries: Any, count: int):
    order = paid({VariantFactory(stock=2): 1 for _ in range(count)})

    with django_assert_max_num_queries(16):
        answer = desk.get(f"/admin/shop/order/{order.pk}/change/")

    assert answer.status_code == 200
    assert order.number in answer.content.decode()


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

    assert "Another product once had this address." in answer.content.decode()
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

    assert "The product has a variant with these options already." in answer.content.decode()
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

    assert "A page of the shop has this address." in answer.content.decode()
    assert not Category.objects.exists()


def test_stock_is_received_and_corrected_on_its_own_page(desk: Client):
    VariantFactory(sku="MUG", stock=5)
    level = StockLevel.objects.get()
    url = f"/admin/shop/stocklevel/{level.pk}/movement/"

    desk.post(url, {"what": "receive", "change": "3", "key": "k1"})
    desk.post(url, {"what": "receive", "change": "3", "key": "k1"})
    desk.post(url, {"what": "adjust", "change": "-2", "note": "broke", "key": "k2"})
    too_many = desk.post(url, {"what": "adjust", "change": "-7", "note": "broke", "key": "k3"})
    silent = desk.post(url, {"what": "adjust", "change": "-1", "key": "k4"})

    level.refresh_from_db()
    assert level.on_hand == 6
    assert [too_many.status_code, silent.status_code] == [422, 422]
    assert sorted(StockMovement.objects.values_list("quantity", flat=True)) == [-2, 3, 5]


def test_a_backorder_limit_goes_through_its_service(desk: Client):
    VariantFactory(sku="MUG", stock=5)
    level = StockLevel.objects.get()
    url = f"/admin/shop/stocklevel/{level.pk}/change/"

    desk.post(url, {"backorder_limit": "4", "low_at": "2"})

    level.refresh_from_db()
    assert (level.backorder_limit, level.low_at, level.on_hand) == (4, 2, 5)
    assert len(events_named("stock.limited")) == 1


@pytest.mark.parametrize("verb", ["movement", "change"])
def test_counts_are_not_moved_by_who_may_only_look(client: Client, agent: Any, verb: str):
    VariantFactory(stock=5)
    level = StockLevel.objects.get()
    client.force_login(agent)
    sent = {"what": "receive", "change": "3", "key": "k", "backorder_limit": "9", "low_at": "1"}

    answer = client.post(f"/admin/shop/stocklevel/{level.pk}/{verb}/", sent)

    assert answer.status_code == 403
    assert StockLevel.objects.values_list("on_hand", "backorder_limit").get() == (5, 0)


def test_an_order_is_sent_from_its_page(desk: Client):
    order = paid({VariantFactory(stock=5): 2})
    line = order.lines.get()

    desk.post(f"/admin/shop/order/{order.pk}/fulfil/", {f"line-{line.uid}": "1", "key": "k", "carrier": "Post"})

    order.refresh_from_db()
    assert order.status == "partly_fulfilled"
    assert events_named("order.fulfilled")[0].data["complete"] is False


def test_a_waiting_order_is_cancelled_from_its_page(desk: Client):
    order = place()
    start(order)

    assert "Are you sure?" in desk.get(f"/admin/shop/order/{order.pk}/cancel/").content.decode()
    desk.post(f"/admin/shop/order/{order.pk}/cancel/")

    order.refresh_from_db()
    assert order.status == "cancelled"


def test_a_transfer_and_its_refund_are_noted_from_the_statement(desk: Client, manager: Any, deliver_events: Any):
    order = place(provider="bank_transfer")
    payment.pay_order(order_id=order.pk, provider="bank_transfer", return_url="/", by=SYSTEM)

    desk.post(f"/admin/shop/order/{order.pk}/transfer/", {"statement": "2026-11-21/1"})
    order.refresh_from_db()
    assert order.status == "paid"

    made = refund.request_refund(order_id=order.pk, reason="broke", by=Actor.person(manager))
    deliver_events()
    assert "Note as sent" in desk.get(f"/admin/shop/order/{order.pk}/change/").content.decode()
    desk.post(f"/admin/shop/order/{order.pk}/refunds/{made.uid}/sent/", {"statement": "2026-11-22/1"})
    made.refresh_from_db()
    assert made.state == "done"


def test_a_transfer_noted_twice_is_refused_in_words(desk: Client):
    order = paid()

    answer = desk.post(f"/admin/shop/order/{order.pk}/transfer/", {"statement": "1"})

    assert answer.status_code == 422
    assert "No payment has this reference." in answer.content.decode()


@pytest.mark.parametrize("verb", ["refund", "fulfil", "cancel", "transfer"])
@pytest.mark.parametrize(("who", "status"), [("author", 403), ("customer", 302), ("", 302)])
def test_the_verbs_of_an_order_are_closed_to_others(client: Client, request: Any, verb: str, who: str, status: int):
    order = paid()
    if who:
        client.force_login(request.getfixturevalue(who))
    before = testing.snapshot("shop.Order", "shop.Refund", "shop.Fulfilment", "core.Event")

    answer = client.post(f"/admin/shop/order/{order.pk}/{verb}/", {"what": "all", "reason": "x", "key": "k"})

    assert answer.status_code == status
    assert testing.snapshot("shop.Order", "shop.Refund", "shop.Fulfilment", "core.Event") == before


def test_an_agent_refunds_but_does_not_send(client: Client, agent: Any):
    order = paid()
    client.force_login(agent)
    line = order.lines.get()

    sent = client.post(f"/admin/shop/order/{order.pk}/fulfil/", {f"line-{line.uid}": "1", "key": "k"})
    refunded = client.post(f"/admin/shop/order/{order.pk}/refund/", {"what": "all", "reason": "x", "key": "k"})

    assert (sent.status_code, refunded.status_code) == (403, 302)
    assert order.fulfilments.count() == 0


@pytest.mark.parametrize("name", ["order", "payment", "ledgerentry", "refund", "reservation", "stockmovement", "price"])
def test_what_happened_is_not_edited_by_anyone(client: Client, staff: Any, name: str):
    order = paid()
    refund.request_refund(order_id=order.pk, amount=euros("5.00"), reason="broke", by=SYSTEM)
    client.force_login(staff)
    model = apps.get_model("shop", name)
    row = model._default_manager.first()
    before = testing.snapshot(f"shop.{name}")

    answers = [
        client.post(f"/admin/shop/{name}/add/", {}),
        client.post(f"/admin/shop/{name}/{row.pk}/change/", {"status": "cancelled", "amount": "1"}),
        client.post(f"/admin/shop/{name}/{row.pk}/delete/", {"post": "yes"}),
    ]

    assert {answer.status_code for answer in answers} == {403}
    assert testing.snapshot(f"shop.{name}") == before
    assert Order.objects.get(pk=order.pk).status == "paid"


def test_reviews_are_hidden_and_shown_again(desk: Client, customer: Any):
    product = product_with("mug", celadon=5)
    paid({product.variants.get(): 1}, user=customer)
    review = reviews.write_review(product_id=product.pk, rating=1, by=Actor.person(customer))

    desk.post("/admin/shop/review/", {"action": "hide", "_selected_action": [review.pk]})
    assert Review.objects.get().status == "hidden"
    assert Product.objects.get().rating_count == 0

    desk.post("/admin/shop/review/", {"action": "publish", "_selected_action": [review.pk]})
    assert Review.objects.get().status == "published"
    assert [event.name for event in events_named("review.hidden")] == ["review.hidden"]


def test_a_payment_is_looked_up_at_its_provider(desk: Client):
    order = place()
    attempt = start(order)
    sandbox.settle(ref=attempt.provider_ref, outcome=sandbox.Outcome.PAY, news_after=())

    desk.post("/admin/shop/payment/", {"action": "ask_provider", "_selected_action": [attempt.pk]})

    order.refresh_from_db()
    assert order.status == "paid"


def test_a_price_in_the_admin_is_exact_to_the_cent(desk: Client):
    shop_ready()
    product = product_with("mug", celadon=1)

    answer = desk.post(
        f"/admin/shop/product/{product.pk}/change/", product_form(product, **{"variants-0-price": "34.001"})
    )

    assert "This is not an amount." in answer.content.decode()
    assert Decimal(Price.objects.get().amount) == 3400
