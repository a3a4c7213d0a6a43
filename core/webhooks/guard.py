"""No internal address: where a webhook may go, decided on the addresses that its name has at that moment.

A name is resolved once, all its addresses are looked at, and the connection goes to one of those, so a name that
answers differently the second time gains nothing. `own_networks` are those of the operator that this kind of call may
reach as well: there, plain http and any port are fine too.
"""

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

HTTPS = 443
GLOBAL_UNICAST = IPv6Network("2000::/3")
# Beyond what `is_global` knows: protocol assignments, and addresses that carry another, which might be internal
# (6to4 and its relay, Teredo). NAT64 and addresses mapped from IPv4 are outside 2000::/3.
NEVER = (
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv6Network("2001::/23"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
)

Address = IPv4Address | IPv6Address


class BadAddress(Invalid):
    code = "bad_webhook_address"
    message = _("Give an address like https://shop.example/hooks, without a user name, a password or a fragment.")


class AddressNotAllowed(Invalid):
    code = "webhook_address_not_allowed"
    message = _("This address cannot be reached from outside, so nothing is sent to it. Use https on port 443.")


class AddressUnknown(Invalid):
    code = "webhook_address_unknown"
    message = _("The name of the receiver is not known.")


@dataclass(frozen=True, slots=True)
class Target:
    """A webhook's address in its parts."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def usual(self) -> bool:
        """Whether this is https on its own port: the only way out."""
        return self.secure and self.port == HTTPS

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (HTTPS if self.secure else 80) else f"{name}:{self.port}"


def parse(url: str, *, own_networks: Sequence[str]) -> Target:
    """The parts of an address. Resolves nothing. Raises BadAddress, and AddressNotAllowed for what can be seen here."""
    try:
        parts = urlsplit(url)
        port = parts.port or (HTTPS if parts.scheme == "https" else 80)
        host = parts.hostname
    except ValueError:
        raise BadAddress(field="url") from None
    strange = parts.username is not None or parts.password is not None or parts.fragment or not url.isascii()
    if parts.scheme not in ("https", "http") or not host or strange or any(sign <= " " for sign in url):
        raise BadAddress(field="url")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(parts.scheme == "https", host, port, path)
    _refuse_at_sight(target, own_networks)
    return target


def resolve(target: Target, *, own_networks: Sequence[str]) -> list[str]:
    """The addresses to connect to. Raises AddressUnknown, and AddressNotAllowed when one of them is not allowed."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressUnknown from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses:
        raise AddressUnknown
    check(target, [ipaddress.ip_address(address) for address in addresses], own_networks)
    return addresses


def check(target: Target, addresses: Sequence[Address], own_networks: Sequence[str]) -> None:
    """Raise AddressNotAllowed unless each address is the owner's own, or public and asked for by https on 443."""
    for address in addresses:
        if not is_own(address, own_networks) and not (target.usual and is_public(address)):
            raise AddressNotAllowed(field="url")


def is_own(address: Address, own_networks: Sequence[str]) -> bool:
    """Whether the address is in one of the operator's own networks."""
    return any(_within(address, ipaddress.ip_network(network)) for network in own_networks)


def is_public(address: Address) -> bool:
    """Whether an address is out on the internet: not private, shared, local, reserved, multicast or a carrier."""
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    special = address.is_multicast or address.is_reserved or any(_within(address, network) for network in NEVER)
    return address.is_global and not special


def _refuse_at_sight(target: Target, own_networks: Sequence[str]) -> None:
    """What needs no resolver: an address in digits, or a way out that only networks of the owner's own may use."""
    try:
        address = ipaddress.ip_address(target.host)
    except ValueError:
        if not target.usual and not own_networks:
            raise AddressNotAllowed(field="url") from None
    else:
        check(target, [address], own_networks)


def _within(address: Address, network: IPv4Network | IPv6Network) -> bool:
    return address.version == network.version and address in network
