"""A filter takes what it names; anything else is an error that names the parameter."""

from typing import Any

import pytest
from django.forms import ValidationError

from core.api.filters import DateTimeField, StrictBooleanField
from shop.tests.factories import MarketFactory
from shop.tests.pages import product_with

ABSURD = ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-31T00:00:00Z", "now", "1")


def test_booleans_are_written_in_one_of_four_ways() -> None:
    field = StrictBooleanField(required=False)

    assert [field.clean(value) for value in ("true", "True", "1", "false", "0", "", None)] == [
        *(True, True, True),
        *(False, False),
        *(None, None),
    ]
    for wrong in ("maybe", "yes", "on", "2", "-1", "truee", "٠"):
        with pytest.raises(ValidationError):
            field.clean(wrong)


def test_moments_outside_the_calendar_are_refused() -> None:
    field = DateTimeField()

    assert field.clean("2026-01-01T01:00:00+01:00").isoformat() == "2026-01-01T00:00:00+00:00"
    assert field.clean("0001-01-01T00:00:00Z").year == 1
    for wrong in ABSURD:
        with pytest.raises(ValidationError):
            field.clean(wrong)


@pytest.mark.django_db
def test_a_filter_that_is_not_understood_is_an_error_that_names_it(client: Any, staff: Any) -> None:
    MarketFactory()
    client.force_login(staff)
    asked = {
        "/api/v1/products/": ("in_stock", ["maybe", "yes", "2"]),
        "/api/v1/orders/": ("placed_after", ABSURD),
        "/api/v1/security_log/": ("since", ABSURD),
    }

    for path, (name, values) in asked.items():
        for value in values:
            response = client.get(path, {name: value})
            assert response.status_code == 400, (path, value)
            assert [error["pointer"] for error in response.json()["errors"]] == [f"/{name}"]


@pytest.mark.django_db
def test_in_stock_false_is_not_taken_for_true(client: Any) -> None:
    MarketFactory()
    product_with("gone", celadon=0)

    def found(query: str) -> int:
        return len(client.get(f"/api/v1/products/?{query}").json()["results"])

    assert (found("in_stock=1"), found("in_stock=true")) == (0, 0)
    assert (found("in_stock=0"), found("in_stock=false"), found("")) == (1, 1, 1)
