"""Limits count callers, not the proxy that they all come through."""

import pytest
from django.http import HttpResponse

from config.proxy import ClientAddress, ClientAddressMiddleware
from core import rate_limits


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
        seen.append(rate_limits.client_key(request))
        return HttpResponse()

    ClientAddressMiddleware(view)(rf.get("/", headers={"X-Forwarded-For": forwarded}))

    assert seen == [address]


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (b"198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (b"2001:db8::1", "2001:db8::1"),
        (b"", "10.0.0.2"),
        (b"x", "10.0.0.2"),
    ],
)
async def test_that_of_a_socket_too(forwarded, address):
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["client"][0])

    await ClientAddress(app)({"client": ("10.0.0.2", 4), "headers": [(b"x-forwarded-for", forwarded)]}, None, None)

    assert seen == [address]


def test_without_a_proxy_nobody_is_believed(settings):
    assert "config.proxy.ClientAddressMiddleware" not in settings.MIDDLEWARE
