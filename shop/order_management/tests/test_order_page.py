"""An order's page: who may open it, what it tells, what can be done there."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from core import testing
from core.context import Actor
from core.testing import events_named, no_event
from shop.cart.models import Cart
from shop.catalogue.models import ProductImage
from shop.listing.tests.test_offers import picture
from shop.order_management.services import fulfilment
from shop.orders.models import Fulfilment, Order
from shop.payments.models import Refund
from shop.payments.services import refunds
from shop.shipping.models import ShippingMethod
from shop.tests.factories import SYSTEM, VariantFactory, paid, place, settle, start
from shop.tests.pages import product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]


def page_of(order: Order, *, signed: bool = False) -> str:
    return f"/shop/orders/{order.number}/" + (f"{order.signature}/" if signed else "")


def test_the_signed_link_opens_it_for_a_guest(client: Client):
    order = paid(email="bea@example.com")

    page = client.get(page_of(order, signed=True))

    text = page.content.decode()
    assert page.status_code == 200
    assert order.number in text
    assert "bea@example.com" in text
    assert [(step.label, step.state) for step in page.context["steps"]] == [
        ("Order placed", "done"),
        ("Paid", "done"),
        ("Preparing your order", "now"),
    ]
    assert "no-store" in page["Cache-Control"]
    assert "Message us about this order" not in text


@pytest.mark.parametrize(
    ("reply_to", "expected"),
    [
        ("help@shop.example", "Reply to any email about this order."),
        ("", "Sign in</a> with bea@example.com to message"),
    ],
)
def test_a_guest_is_invited_to_reply_only_where_replies_are_read(
    client: Client, settings: Any, reply_to: str, expected: str
):
    settings.REPLY_TO_EMAIL = reply_to

    text = client.get(page_of(paid(email="bea@example.com"), signed=True)).content.decode()

    assert expected in text
    assert ("Reply to any email" in text) is bool(reply_to)


@pytest.mark.parametrize("who", ["stranger", "author"])
@pytest.mark.parametrize("ending", ["", "forged-signature/", "forged-signature/return/"])
def test_a_foreign_order_is_not_here(client: Client, request: Any, customer: Any, who: str, ending: str):
    order = place(user=customer)
    client.force_login(request.getfixturevalue(who))

    assert client.get(f"/shop/orders/{order.number}/{ending}").status_code == 404


@pytest.mark.parametrize("ending", ["", "forged-signature/"])
def test_a_visitor_is_asked_to_sign_in_whether_the_order_exists_or_not(client: Client, customer: Any, ending: str):
    for number in (place(user=customer).number, "NOSUCHORDER"):
        answer = client.get(f"/shop/orders/{number}/{ending}")

        assert answer.status_code == 302
        assert answer["Location"] == f"/account/login/?next=/shop/orders/{number}/{ending}"


def test_the_signature_of_one_order_opens_no_other(client: Client):
    mine, other = paid(), paid()

    assert client.get(f"/shop/orders/{other.number}/{mine.signature}/").status_code == 302


@pytest.mark.parametrize("who", ["customer", "manager", "agent"])
def test_its_owner_and_staff_open_it_by_number(client: Client, request: Any, customer: Any, who: str):
    order = paid(user=customer)
    client.force_login(request.getfixturevalue(who))

    page = client.get(page_of(order))

    assert page.status_code == 200
    assert f"/talk/about/order/{order.number}/" in page.content.decode()


def test_what_was_sent_and_given_back_is_told(client: Client, manager: Any, deliver_events: Any):
    order = paid({VariantFactory(stock=5): 2})
    by = Actor.person(manager)
    fulfilment.fulfil_order(
        order_id=order.pk,
        lines={str(order.lines.get().uid): 1},
        carrier="Post",
        tracking_code="RX-1",
        tracking_url="https://post.example/RX-1",
        by=by,
    )
    refunds.request_refund(order_id=order.pk, lines={str(order.lines.get().uid): 1}, reason="broke", by=by)
    deliver_events()

    page = client.get(page_of(order, signed=True))

    text = page.content.decode()
    assert 'href="https://post.example/RX-1"' in text
    assert "€34.00 refunded." in text
    assert "broke" not in text
    assert [step.label for step in page.context["steps"]] == ["Order placed", "Paid", "Partly shipped", "Refunded"]


@pytest.mark.parametrize(
    ("days", "is_pick_up", "heading"),
    [(0, False, "On its way"), (18, False, "Shipped on {}"), (18, True, "Collected")],
)
def test_a_parcel_is_on_its_way_for_so_long(client: Client, days: int, is_pick_up: bool, heading: str):
    sent_at = timezone.now() - timedelta(days=days)
    order = paid()
    ShippingMethod.objects.filter(pk=order.shipping_method_id).update(is_pick_up=is_pick_up)
    parcel = fulfilment.fulfil_order(order_id=order.pk, by=SYSTEM)
    Fulfilment.objects.filter(pk=parcel.pk).update(at=sent_at)

    page = client.get(page_of(order, signed=True))

    assert page.context["headline"] == heading.format(date_format(sent_at, "j M Y"))


@pytest.mark.parametrize(
    ("carrier", "code", "url"),
    [
        ("DHL Express", "JD 01/4", "https://www.dhl.com/global-en/home/tracking.html?tracking-id=JD%2001%2F4"),
        ("An Post", "CE1IE", "https://www.anpost.com/Post-Parcels/Track/History?item=CE1IE"),
        ("UPS", "", ""),
        ("The neighbour", "7", ""),
    ],
)
def test_a_tracking_number_of_a_known_carrier_is_a_link(carrier: str, code: str, url: str):
    parcel = fulfilment.fulfil_order(order_id=paid().pk, carrier=carrier, tracking_code=code, by=SYSTEM)

    assert parcel.tracking_url == url


def test_coming_back_from_the_provider_asks_it_how_things_stand(client: Client):
    order = place()
    attempt = start(order)
    from shop.payments.providers import sandbox

    sandbox.settle_charge(ref=attempt.provider_ref, outcome=sandbox.Outcome.PAY, webhook_delays=())

    answer = client.get(page_of(order, signed=True) + "return/")

    order.refresh_from_db()
    assert answer["Location"] == page_of(order, signed=True)
    assert order.status == "paid"


def test_a_waiting_order_asks_again_until_it_is_paid(client: Client):
    order = place()
    attempt = start(order)
    script = {"headers": {"hx-request": "true"}}

    waiting = client.get(page_of(order, signed=True), **script).content.decode()
    settle(attempt)
    done = client.get(page_of(order, signed=True), **script).content.decode()

    assert "every 15s" in waiting
    assert "every 15s" not in done
    assert "<html" not in done


def test_cancelling_is_asked_first_and_a_mail_confirms_it(client: Client, deliver_events: Any):
    order = place()
    page = client.get(page_of(order, signed=True)).content.decode()
    address = f"{page_of(order, signed=True)}cancellation/"
    assert f'href="{address}"' in page

    asked = client.get(address).content.decode()

    order.refresh_from_db()
    assert "Cancel this order?" in asked
    assert "Keep order" in asked
    assert order.status == "pending_payment"

    answer = client.post(address)
    deliver_events()

    order.refresh_from_db()
    assert (answer["Location"], order.status) == (page_of(order, signed=True), "cancelled")
    assert [message.subject for message in mail.outbox] == [f"Order {order.number} has been cancelled"]


def test_what_cannot_be_cancelled_is_not_asked_about(client: Client):
    order = paid()

    answer = client.get(f"{page_of(order, signed=True)}cancellation/")

    assert answer["Location"] == page_of(order, signed=True)
    assert "Refund a paid order instead" in client.get(answer["Location"]).content.decode()


def test_an_unpaid_order_is_cancelled_by_its_link_and_the_cart_comes_back(client: Client):
    order = place()
    start(order)

    client.post(f"/shop/orders/{order.number}/cancellation/", {"signature": order.signature})

    order.refresh_from_db()
    assert order.status == "cancelled"
    assert Cart.objects.get().status == "open"
    assert len(events_named("order.cancelled")) == 1


def test_a_paid_order_is_not_cancelled(client: Client):
    order = paid()

    client.post(f"/shop/orders/{order.number}/cancellation/", {"signature": order.signature})

    order.refresh_from_db()
    assert order.status == "paid"
    assert no_event("order.cancelled")


@pytest.mark.parametrize("verb", ["cancellation", "payments"])
@pytest.mark.parametrize("signature", ["", "forged"])
def test_without_the_link_nothing_can_be_done_to_an_order(client: Client, verb: str, signature: str):
    order = place()
    before = testing.snapshot("shop.Order", "shop.Payment", "core.Event")

    answer = client.post(f"/shop/orders/{order.number}/{verb}/", {"signature": signature, "provider": "sandbox"})

    assert answer.status_code == 404
    assert testing.snapshot("shop.Order", "shop.Payment", "core.Event") == before


def test_paying_wants_a_way_to_pay(client: Client):
    order = place()

    answer = client.post(f"/shop/orders/{order.number}/payments/", {"signature": order.signature, "provider": "gold"})

    assert answer["Location"] == page_of(order, signed=True)
    assert "Choose a payment method." in client.get(answer["Location"]).content.decode()


def test_paying_another_way_ends_the_first_attempt(client: Client):
    order = place()
    start(order)

    client.post(f"/shop/orders/{order.number}/payments/", {"signature": order.signature, "provider": "bank_transfer"})

    states = dict(order.payments.values_list("provider", "status"))
    assert states == {"sandbox": "cancelled", "bank_transfer": "pending"}


@pytest.mark.parametrize(("verb", "model"), [("refunds", "shop.Refund"), ("fulfilments", "shop.Fulfilment")])
def test_a_customer_cannot_do_what_staff_do(client: Client, customer: Any, verb: str, model: str):
    order = paid(user=customer)
    client.force_login(customer)
    before = testing.snapshot(model, "shop.Payment", "shop.OrderLine", "core.Event")

    opened = client.get(f"/shop/orders/{order.number}/{verb}/")
    sent = client.post(f"/shop/orders/{order.number}/{verb}/", {"what": "all", "reason": "mine", "key": "1"})

    assert (opened.status_code, sent.status_code) == (403, 403)
    assert testing.snapshot(model, "shop.Payment", "shop.OrderLine", "core.Event") == before
    assert "Refund" not in client.get(page_of(order)).content.decode()


def test_staff_send_a_parcel_from_the_orders_page(client: Client, manager: Any):
    order = paid({VariantFactory(stock=5): 2})
    client.force_login(manager)
    uid = str(order.lines.get().uid)
    url = f"/shop/orders/{order.number}/fulfilments/"
    form = client.get(url).context["form"]

    sent = client.post(url, {f"line-{uid}": "2", "tracking_code": "RX-1", "key": form["key"].value()})
    twice = client.post(url, {f"line-{uid}": "2", "tracking_code": "RX-1", "key": form["key"].value()})

    order.refresh_from_db()
    assert sent["Location"] == twice["Location"] == page_of(order)
    assert order.status == "fulfilled"
    assert order.fulfilments.count() == 1


def test_a_fragment_of_the_refund_form_serves_another_page(client: Client, agent: Any):
    order = paid()
    client.force_login(agent)
    script = {"headers": {"hx-request": "true"}}
    url = f"/shop/orders/{order.number}/refunds/"

    form = client.get(url, **script)
    done = client.post(url, {"what": "all", "reason": "broke", "key": "k"}, **script)

    assert "<html" not in form.content.decode()
    assert "Refund of €38.90 requested." in done.content.decode()
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"what": "amount", "amount": "38.91"}, "At most 38.90 EUR can be refunded."),
        ({"what": "amount", "amount": "0"}, "Enter an amount"),
        ({"what": "amount", "amount": "-1"}, "Enter a valid value."),
        ({"what": "amount", "amount": ""}, "Enter an amount."),
        ({"what": "amount", "amount": "1e9"}, "Enter a valid value."),
        ({"what": "items"}, "Enter a quantity for at least one item."),
        ({"what": "everything"}, "Select a valid choice."),
    ],
)
def test_a_wrong_refund_is_explained_and_changes_nothing(client: Client, manager: Any, data: Any, words: str):
    order = paid()
    client.force_login(manager)

    answer = client.post(f"/shop/orders/{order.number}/refunds/", {"reason": "broke", "key": "k", **data})

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Refund.objects.exists()
    assert no_event("order.refund_requested")


def test_a_persons_orders_are_theirs_alone(client: Client, customer: Any, stranger: Any):
    mine = paid(user=customer)
    paid(user=stranger)
    paid(email=customer.email)
    client.force_login(customer)

    page = client.get("/shop/orders/")

    assert [order for order, _card, _preview in page.context["rows"]] == [mine]
    client.logout()
    assert client.get("/shop/orders/").status_code == 302


@pytest.mark.parametrize(
    ("number", "email", "letters"),
    [("right", "bea@example.com", 1), ("right", "other@example.com", 0), ("BBBBBBBBBB", "bea@example.com", 0)],
)
def test_a_lost_link_is_mailed_to_its_owner_and_the_answer_tells_nothing(
    client: Client, deliver_events: Any, number: str, email: str, letters: int
):
    order = place(email="bea@example.com")
    deliver_events()
    mail.outbox.clear()
    asked = {"number": order.number.lower() if number == "right" else number, "email": email}

    answer = client.post("/shop/orders/find/", asked)
    deliver_events()

    assert answer.status_code == 200
    assert "If an order matches this number" in answer.content.decode()
    assert len(mail.outbox) == letters
    if letters:
        assert mail.outbox[0].to == ["bea@example.com"]
        assert page_of(order, signed=True) in str(mail.outbox[0].body)


def test_asking_for_links_is_limited(client: Client):
    asked = {"number": "BBBBBBBBBB", "email": "bea@example.com"}

    answers = [client.post("/shop/orders/find/", asked).status_code for _ in range(11)]

    assert answers == [200] * 10 + [429]


@pytest.mark.parametrize("count", [1, 24, 100])
def test_an_order_costs_the_same_whatever_is_in_it(
    client: Client, django_assert_max_num_queries: Any, deliver_events: Any, count: int
):
    order = paid({VariantFactory(stock=2): 1 for _ in range(count)})
    lines = {str(uid): 1 for uid in order.lines.values_list("uid", flat=True)}
    fulfilment.fulfil_order(order_id=order.pk, lines=lines, by=SYSTEM)
    refunds.request_refund(order_id=order.pk, lines=lines, reason="all broke", by=SYSTEM)
    deliver_events()

    with django_assert_max_num_queries(8):
        page = client.get(page_of(order, signed=True))

    assert len(page.context["lines"]) == count


@pytest.mark.parametrize("count", [1, 24, 100])
def test_its_buyer_sees_all_of_it_in_nine_queries(
    client: Client, customer: Any, django_assert_max_num_queries: Any, deliver_events: Any, count: int
):
    """Session, person, order, pieces, payments, parcels, what happened, the conversation about it."""
    order = paid({VariantFactory(stock=2): 1 for _ in range(count)}, user=customer)
    lines = {str(uid): 1 for uid in order.lines.values_list("uid", flat=True)}
    fulfilment.fulfil_order(order_id=order.pk, lines=lines, by=SYSTEM)
    refunds.request_refund(order_id=order.pk, lines=lines, reason="all broke", by=SYSTEM)
    deliver_events()
    client.force_login(customer)

    with django_assert_max_num_queries(9):
        page = client.get(page_of(order))

    assert len(page.context["lines"]) == count
    assert len(page.context["shipments"][0].lines) == count
    assert page.context["payment"].refunded.minor == count * 3400


def test_a_piece_is_shown_by_its_own_picture_or_its_products_first(client: Client):
    product = product_with("mug", celadon=1, tenmoku=1)
    celadon, tenmoku = product.variants.order_by("sku")
    for position, (name, variant) in enumerate({"all": None, "dark": tenmoku, "darker": tenmoku}.items()):
        ProductImage.objects.create(product=product, variant=variant, picture=picture(name), position=position)
    bare = VariantFactory()
    order = paid({celadon: 1, tenmoku: 1, bare: 1})

    page = client.get(page_of(order, signed=True))

    shown = {line["note"]: line["image"] and line["image"].url for line in page.context["lines"]}
    assert shown == {"Celadon": "/media/pictures/all.webp", "Tenmoku": "/media/pictures/dark.webp", bare.title: None}


@pytest.mark.parametrize("count", [1, 24])
def test_a_list_of_orders_costs_the_same_however_many(
    client: Client, customer: Any, django_assert_max_num_queries: Any, count: int
):
    variant = VariantFactory(stock=count)
    for _ in range(count):
        place({variant: 1}, user=customer)
    client.force_login(customer)

    with django_assert_max_num_queries(5):
        page = client.get("/shop/orders/")

    assert len(page.context["rows"]) == count
