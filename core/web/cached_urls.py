"""Addresses that a page names a hundred times."""

import re
from functools import cache
from urllib.parse import quote

from django.urls import reverse

PLACE = "0-0"  # fits slugs and strings
NEEDS_NO_QUOTING = re.compile(r"[A-Za-z0-9_-]*")
KEPT = "!$&'()*+,;=/~:@"  # what RFC 3986 lets stand in a path, as Django's own `reverse` does


def address(route: str, part: str) -> str:
    """`reverse(route, args=[part])` for routes with one slug or string, in a thirtieth of the time."""
    return _pattern(route).replace(PLACE, part if NEEDS_NO_QUOTING.fullmatch(part) else quote(part, safe=KEPT))


@cache
def plain(route: str) -> str:
    """`reverse(route)`, looked up once."""
    return reverse(route)


@cache
def _pattern(route: str) -> str:
    return reverse(route, args=[PLACE])
