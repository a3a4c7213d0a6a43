"""HEAD is answered as GET is, without the body: link checkers and caches ask so."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

PART = re.compile(r"<(?:(\w+):)?\w+>")
SAMPLES = {None: "some", "int": "1", "uuid": "0199f000-0000-7000-8000-000000000000"}
# The API has a contract of its own, and the admin is Django's.
LEFT_OUT = ("api/", "admin/")


def addresses(patterns: list[Any], before: str = "") -> Iterator[str]:
    """One of each pattern of ours, with parts that fit in form."""
    for entry in patterns:
        if isinstance(entry.pattern, RoutePattern):
            form = before + PART.sub(lambda part: SAMPLES.get(part[1], "some"), str(entry.pattern))
            yield from addresses(entry.url_patterns, form) if isinstance(entry, URLResolver) else [form]


ADDRESSES = sorted({f"/{found}" for found in addresses(get_resolver().url_patterns) if not found.startswith(LEFT_OUT)})


@pytest.mark.django_db
@pytest.mark.parametrize("is_signed_in", [False, True])
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_answers_head_as_it_answers_get_without_the_body(address, is_signed_in, staff):
    client = Client()
    if is_signed_in:
        client.force_login(staff)

    asked = client.head(address)
    got = client.get(address)

    assert asked.status_code == got.status_code
    assert asked.content == b""


def test_the_pages_are_found():
    assert len(ADDRESSES) > 60
    assert {"/", "/shop/", "/journal/feed.xml", "/account/profile/", "/health/live"} <= set(ADDRESSES)
