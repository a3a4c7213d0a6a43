"""Limits count callers, not the proxy that they all come through."""

import pytest
from django.http import HttpResponse

from config.proxy import ClientAddressMiddleware
from core import ratelimit


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),  # what the caller claimed comes first
        ("2001:db8::1", "2001:db8::/64"),
        ("", "127.0.0.1"),
        ("not an address", "127.0.0.1"),
        ("203.0.113.7, ", "127.0.0.1"),
    ],
)
def test_the_address_is_the_one_our_proxy_saw(rf, forwarded, address):
    seen = []

    def view(request):
        seen.append(ratelimit.client_key(request))
        return HttpResponse()

    ClientAddressMiddleware(view)(rf.get("/", headers={"X-Forwarded-For": forwarded}))

    assert seen == [address]


def test_without_a_proxy_nobody_is_believed(settings):
    assert "config.proxy.ClientAddressMiddleware" not in settings.MIDDLEWARE
