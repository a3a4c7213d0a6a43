"""Customers keep addresses; a returning customer's checkout starts with the one used last."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.privacy.registry import Person
from core.context import Actor
from core.testing import events_named, no_event
from shop.addresses import services as address_book
from shop.addresses.models import MAX_ADDRESSES, SavedAddress
from shop.addresses.validation import InvalidAddress
from shop.personal_data import privacy
from shop.tests.factories import BERLIN, paid, shop_ready
from shop.tests.pages import add_to_cart, product_with

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sums_hold")]

PARIS = {"name": "Bea Buyer", "street": "1 rue Monge", "postcode": "75005", "city": "Paris", "country": "FR"}


@pytest.fixture
def signed_in(client: Client, customer: Any) -> Client:
    shop_ready()
    client.force_login(customer)
    return client


def delivery_form(client: Client) -> Any:
    add_to_cart(client, "MUG-CELADON")
    client.post("/shop/checkout/contact/", {"email": "customer@example.com"})
    return client.get("/shop/checkout/delivery/")


def test_a_returning_customer_finds_the_last_address_and_country(signed_in: Client, customer: Any):
    product = product_with("mug", celadon=9)
    paid({product.variants.get(): 1}, user=customer, address=PARIS)

    page = delivery_form(signed_in)

    assert page.context["form"]["street"].value() == "1 rue Monge"
    assert page.context["form"]["country"].value() == "FR"
    assert '<option value="FR" selected>' in page.content.decode()


def test_the_default_address_goes_before_the_last_one(signed_in: Client, customer: Any):
    product = product_with("mug", celadon=9)
    paid({product.variants.get(): 1}, user=customer)
    address_book.add_address(address=PARIS, by=Actor.person(customer))

    page = delivery_form(signed_in)

    assert page.context["form"]["city"].value() == "Paris"


def test_another_saved_address_fills_the_form(signed_in: Client, customer: Any):
    product_with("mug", celadon=9)
    address_book.add_address(address=PARIS, by=Actor.person(customer))
    other = address_book.add_address(address=BERLIN, by=Actor.person(customer))
    listed = delivery_form(signed_in).content.decode()

    page = signed_in.get(f"/shop/checkout/delivery/?address={other.uid}")

    assert f"?address={other.uid}" in listed
    assert page.context["form"]["city"].value() == "Berlin"


def test_an_address_is_saved_at_the_checkout_when_asked(signed_in: Client, customer: Any):
    product_with("mug", celadon=9)
    delivery_form(signed_in)

    signed_in.post("/shop/checkout/delivery/", {**BERLIN, "shipping_method": "standard"})
    assert not SavedAddress.objects.exists()

    signed_in.post("/shop/checkout/delivery/", {**BERLIN, "shipping_method": "standard", "save_address": "on"})
    signed_in.post("/shop/checkout/delivery/", {**BERLIN, "shipping_method": "standard", "save_address": "on"})
    saved = SavedAddress.objects.get()
    assert (saved.user, saved.address["city"], saved.is_default) == (customer, "Berlin", True)
    assert len(events_named("address.added")) == 1


def test_a_guest_is_offered_no_saving(client: Client):
    shop_ready()
    product_with("mug", celadon=9)

    page = delivery_form(client)

    assert "save_address" not in page.context["form"].fields
    assert page.context["saved_addresses"] == []


def test_addresses_are_added_changed_made_default_and_removed_in_the_account(signed_in: Client, customer: Any):
    signed_in.post("/shop/addresses/new/", BERLIN)
    signed_in.post("/shop/addresses/new/", PARIS)
    berlin, paris = SavedAddress.objects.order_by("pk")
    listed = signed_in.get("/shop/addresses/").content.decode()
    assert "1 rue Monge" in listed
    assert (berlin.is_default, paris.is_default) == (True, False)

    signed_in.post(f"/shop/addresses/{paris.uid}/default/")
    signed_in.post(f"/shop/addresses/{paris.uid}/", {**PARIS, "street": "2 rue Monge"})
    paris.refresh_from_db()
    assert (paris.is_default, paris.address["street"]) == (True, "2 rue Monge")

    signed_in.post(f"/shop/addresses/{paris.uid}/removal/")
    left = SavedAddress.objects.get()
    assert (left, left.is_default) == (berlin, True)
    assert [len(events_named(f"address.{verb}")) for verb in ("added", "changed", "removed")] == [2, 2, 1]


def test_a_wrong_postcode_is_said_at_its_field(signed_in: Client):
    answer = signed_in.post("/shop/addresses/new/", {**BERLIN, "postcode": "1"})

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"postcode": ["Enter a valid postcode for Germany."]}
    assert not SavedAddress.objects.exists()


@pytest.mark.parametrize("verb", ["", "default/", "removal/"])
def test_nobody_reaches_the_address_of_another(signed_in: Client, agent: Any, verb: str):
    theirs = address_book.add_address(address=BERLIN, by=Actor.person(agent))

    answer = signed_in.post(f"/shop/addresses/{theirs.uid}/{verb}", PARIS)

    theirs.refresh_from_db()
    assert answer.status_code == 404
    assert theirs.address["city"] == "Berlin"
    assert no_event("address.changed")


def test_a_stranger_is_asked_to_sign_in(client: Client):
    assert client.get("/shop/addresses/").status_code == 302


def test_no_more_than_a_bounded_number_is_kept(customer: Any):
    by = Actor.person(customer)
    for number in range(MAX_ADDRESSES):
        address_book.add_address(address={**BERLIN, "street": f"Torstraße {number}"}, by=by)

    with pytest.raises(address_book.TooManyAddresses):
        address_book.add_address(address=PARIS, by=by)

    assert SavedAddress.objects.count() == MAX_ADDRESSES


def test_a_refused_address_changes_nothing(customer: Any):
    saved = address_book.add_address(address=BERLIN, by=Actor.person(customer))

    with pytest.raises(InvalidAddress):
        address_book.change_address(uid=saved.uid, address={**BERLIN, "city": ""}, by=Actor.person(customer))

    saved.refresh_from_db()
    assert saved.address["city"] == "Berlin"


def test_saved_addresses_are_exported_and_erased(customer: Any):
    address_book.add_address(address=BERLIN, by=Actor.person(customer))
    person = Person(customer, frozenset({customer.email}))

    exported = {records.path: list(records.rows) for records in privacy.export(person)}
    assert [row["street"] for row in exported["shop/addresses.json"]] == ["Torstraße 1"]

    privacy.erase(person, timezone.now())
    assert not SavedAddress.objects.exists()
