"""The frame of every page: head, navigation, theme, messages; what a stranger's page must not carry."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import RequestFactory


def ask(path: str = "/shop/", **cookies: str) -> HttpRequest:
    request = RequestFactory().get(path)
    request.user = AnonymousUser()
    request.COOKIES.update(cookies)
    return request


def page(request: HttpRequest, **context: Any) -> str:
    return render_to_string("base.html", context, request)


def test_a_strangers_page_carries_no_token_and_no_inline_script():
    html = page(ask())

    assert "csrf" not in html.lower()
    assert "data-hx-headers" not in html
    assert "<script>" not in html


def test_a_signed_in_persons_page_gives_htmx_the_token():
    class Person(AnonymousUser):
        is_authenticated = True  # type: ignore[assignment]

    request = ask()
    request.user = Person()

    assert """data-hx-headers='{"X-CSRFToken": """ in page(request)


@pytest.mark.parametrize(("cookie", "attribute"), [("dark", ' data-theme="dark"'), ("light", ' data-theme="light"')])
def test_the_chosen_theme_is_in_the_first_byte(cookie: str, attribute: str):
    html = page(ask(theme=cookie))

    assert attribute in html.split("<head>")[0]
    assert f'name="theme" value="{cookie}" checked' in html


@pytest.mark.parametrize("cookie", ["", "system", '"><script>'])
def test_any_other_theme_is_the_systems(cookie: str):
    html = page(ask(theme=cookie))

    assert "data-theme=" not in html.split("<head>")[0]
    assert 'name="theme" value="system" checked' in html


@pytest.mark.parametrize(("path", "label"), [("/shop/bowls/", "Shop"), ("/journal/", "Journal"), ("/talk/x/", "Talk")])
def test_the_navigation_says_where_one_is(path: str, label: str):
    html = page(ask(path))

    assert f'aria-current="true">{label}</a>' in html
    assert html.count('aria-current="true"') == 1


def test_the_search_page_is_in_no_section():
    assert 'aria-current="true"' not in page(ask("/search/"))


def test_messages_become_toasts_in_a_status_region():
    html = page(ask(), messages=[Message(25, "Added <b>one</b>")])

    assert '<div class="toasts" id="toasts" role="status">' in html
    assert 'data-level="success"><p>Added &lt;b&gt;one&lt;/b&gt;</p>' in html


def test_the_cart_counts_and_an_empty_one_shows_nothing():
    full = page(ask(), cart_count=3)
    empty = page(ask(), cart_count=0)

    assert 'id="cart-count">3<span class="visually-hidden"> items</span>' in full
    assert 'id="cart-count"></span>' in empty


def test_the_canonical_address_leaves_out_the_query():
    request = RequestFactory().get("/shop/", {"sort": "price"})
    request.user = AnonymousUser()

    assert '/shop/">' in page(request).split('rel="canonical" href="')[1][:60]


def test_checkout_leads_nowhere_else():
    html = render_to_string("base_checkout.html", {}, ask("/shop/checkout/"))

    assert "site-nav" not in html
    assert "/journal/" not in html
    assert "Back to the cart" in html
