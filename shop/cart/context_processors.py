"""Context of every page."""

from collections.abc import Callable
from functools import partial
from typing import cast

from django.http import HttpRequest

from core.web.http import PageRequest
from shop.cart import cookies
from shop.cart import queries as carts


def cart(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """`cart_count`: the number of items in the cart. No query, and no session access, for a visitor without a cart."""
    return {"cart_count": partial(_count, cast("PageRequest", request))}


def _count(request: PageRequest) -> int:
    # An error page may be rendered for a request without a grant.
    if not cookies.has_cookie(request) or not hasattr(request, "grant"):
        return 0
    found = cookies.get_cart(request)
    return carts.count_items(found) if found else 0
