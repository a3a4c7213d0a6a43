"""A shop without a market says so, in words, wherever one looks."""

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/shop/", "/shop/p/mug/"])
def test_a_shop_that_is_not_set_up_yet_says_so(client: Client, address: str):
    page = client.get(address)

    assert page.status_code == 503
    assert "The shop is not set up yet" in page.content.decode()


@pytest.mark.django_db
def test_the_api_of_a_shop_that_is_not_set_up_yet_says_so(client: Client):
    answer = client.get("/api/v1/products/")

    assert (answer.status_code, answer.json()["code"]) == (503, "shop_not_open")


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/shop/cart/", "/journal/", "/talk/", "/search/?q=mug"])
def test_everything_else_is_open(client: Client, address: str):
    assert client.get(address).status_code == 200
