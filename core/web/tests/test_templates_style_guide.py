"""The style guide shows everything, to staff alone, at no cost in queries."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_a_stranger_is_asked_to_sign_in(client: Client):
    response = client.get(reverse("styleguide"))

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_someone_without_a_role_is_refused(client: Client, customer: Any):
    client.force_login(customer)

    response = client.get(reverse("styleguide"))

    assert response.status_code == 403
    assert "sg-buttons" not in response.content.decode()


def test_staff_see_every_component(client: Client, staff: Any):
    client.force_login(staff)

    page = client.get(reverse("styleguide")).content.decode()

    for part in ("type", "buttons", "forms", "feedback", "cards", "product", "order", "prose", "talk", "numbers"):
        assert f'id="sg-{part}"' in page
    assert "€123,456,789.99" in page
    assert page.count("<h1") == 1


def test_ids_are_unique(client: Client, staff: Any):
    client.force_login(staff)

    page = client.get(reverse("styleguide")).content.decode()

    found = [part.split('"')[0] for part in page.split(' id="')[1:]]
    assert sorted(found) == sorted(set(found))


def test_it_turns_round(client: Client, staff: Any):
    client.force_login(staff)

    assert 'stack-sections" dir="rtl"' in client.get(reverse("styleguide"), {"dir": "rtl"}).content.decode()


def test_its_own_content_needs_no_query(client: Client, staff: Any, django_assert_max_num_queries: Any):
    client.force_login(staff)

    with django_assert_max_num_queries(4):  # session, user, the cart of the header
        client.get(reverse("styleguide"))
