"""HEAD is answered as GET is, without the body: link checkers and caches ask so."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from blog.tests.factories import published
from shop.tests.factories import MarketFactory
from shop.tests.pages import product_with
from tests.contract.addresses import PLAUSIBLE, addresses

pytestmark = pytest.mark.django_db

COMPARED = ("Content-Type", "Location", "Content-Security-Policy", "Allow")


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_every_page_answers_head_as_it_answers_get_without_the_body(is_signed_in: bool, staff: Any) -> None:
    MarketFactory()
    product_with(PLAUSIBLE[0], celadon=5)
    published(slug=PLAUSIBLE[0])
    client = Client()
    if is_signed_in:
        client.force_login(staff)
    different, found = [], 0

    for address in addresses():
        if address.is_api or address.is_admin:  # the API has a contract of its own, and the admin is Django's
            continue
        got = client.get(address.path)
        asked = client.head(address.path)
        found += got.status_code == 200
        if head_of(asked) != head_of(got) or asked.content:
            different.append((address.path, head_of(got), head_of(asked)))

    assert different == []
    assert found >= (55 if is_signed_in else 30)  # pages that are there, not refusals


def head_of(response: HttpResponse) -> tuple[Any, ...]:
    return (response.status_code, *(response.get(name) for name in COMPARED))
