"""An installation without any content offers no link that leads nowhere."""

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client

from core.content.services.text_pages import delete_text_page, forget_slugs, published_slugs, save_text_page
from core.context import Actor

pytestmark = pytest.mark.django_db

LINK = re.compile(r'<a[^>]* href="([^"#]*)')
PAGES = [
    "/",
    "/shop/",
    "/journal/",
    "/talk/",
    "/search/",
    "/shop/cart/",
    "/shop/checkout/",
    "/account/",
    "/account/login/",
]
TEXT_PAGES = ["about", "delivery", "privacy", "returns", "terms"]
OWNER = Actor.system("test")


def links_of(client: Client, path: str) -> set[str]:
    answer = client.get(path, follow=True)
    here = answer.redirect_chain[-1][0] if answer.redirect_chain else path
    found = {urljoin(here, unescape(href)) for href in LINK.findall(answer.content.decode())}
    return {link for link in found if link.startswith("/") and not link.startswith(("/media/", "/static/"))}


def broken_links(client: Client) -> list[tuple[str, str, int]]:
    """The links of the main pages that lead nowhere. The shop answers 503 as long as it has no market."""
    seen: dict[str, int] = {}
    broken = []
    for page in PAGES:
        for link in sorted(links_of(client, page)):
            if link not in seen and urlsplit(link).path != "/account/logout/":
                seen[link] = client.get(link, follow=True).status_code
            if seen.get(link, 200) in (404, 500):
                broken.append((page, link, seen[link]))
    assert len(seen) > 10
    return broken


def test_no_link_for_a_stranger_is_broken_on_an_empty_site(client: Client):
    assert broken_links(client) == []


def test_no_link_for_a_customer_is_broken_on_an_empty_site(client: Client, customer: Any):
    client.force_login(customer)

    assert broken_links(client) == []


@pytest.mark.parametrize("slug", TEXT_PAGES)
def test_the_footer_links_a_text_page_as_long_as_it_exists(client: Client, slug: str):
    link = f"/pages/{slug}/"
    before = links_of(client, "/")
    save_text_page(slug=slug, title="A page", body="Words.", by=OWNER)
    during = links_of(client, "/")
    delete_text_page(slug=slug, by=OWNER)
    after = links_of(client, "/")

    assert (link in before, link in during, link in after) == (False, True, False)


def test_linking_text_pages_costs_one_query_in_some_seconds(django_assert_num_queries: Any):
    forget_slugs()
    with django_assert_num_queries(1):
        assert published_slugs() == published_slugs() == frozenset()
