"""A webhook never reaches an internal address, even if its name resolves to one later."""

import ipaddress
import socket
import ssl

import pytest
import trustme
from django.conf import settings as django_settings

from core.webhooks import guard, transport
from core.webhooks.guard import AddressNotAllowed, AddressUnknown, BadAddress
from core.webhooks.tests.receiver import receiving

INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1",
    "5f00::1", "fe80::1%eth0",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450:4001::1"]


def parse(url):
    return guard.parse(url, own_networks=django_settings.WEBHOOK_ALLOWED_NETWORKS)


def resolve(target):
    return guard.resolve(target, own_networks=django_settings.WEBHOOK_ALLOWED_NETWORKS)


def post(url, body, headers):
    return transport.post(url, body, headers, own_networks=django_settings.WEBHOOK_ALLOWED_NETWORKS)


@pytest.fixture
def closed(settings):
    """No network is the owner's own."""
    settings.WEBHOOK_ALLOWED_NETWORKS = []


@pytest.fixture
def resolver(monkeypatch):
    """Names resolve to what a test says, a new list of addresses at each question. Digits stay what they are."""
    real = socket.getaddrinfo

    class Resolver:
        def __init__(self):
            self.answers, self.asked = [], 0

        def __call__(self, host, port, *args, **kwargs):
            if host.replace(".", "").isdigit():
                return real(host, port, *args, **kwargs)
            answer = self.answers[min(self.asked, len(self.answers) - 1)]
            self.asked += 1
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answer]

    resolver = Resolver()
    monkeypatch.setattr(guard.socket, "getaddrinfo", resolver)
    return resolver


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_that_are_not_out_on_the_internet_are_refused(address, closed):
    host = f"[{address}]" if ":" in address else address

    with pytest.raises(AddressNotAllowed):
        parse(f"https://{host}/")


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_has_one_of_them_among_others_is_refused(address, closed, resolver):
    resolver.answers = [["8.8.8.8", address, "1.1.1.1"]]

    with pytest.raises(AddressNotAllowed):
        resolve(parse("https://hooks.example/"))


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_out_on_the_internet_are_fine(address, closed, resolver):
    resolver.answers = [[address]]

    assert guard.is_public(ipaddress.ip_address(address))
    assert resolve(parse("https://hooks.example/")) == [address]


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example/", "https://hooks.example:8443/", "http://8.8.8.8/", "https://8.8.8.8:22/"],
)
def test_out_there_only_https_on_its_own_port_is_spoken(url, closed):
    with pytest.raises(AddressNotAllowed):
        parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example", "ftp://hooks.example/", "file:///etc/passwd", "gopher://hooks.example/", "https://",
        "https:///path", "https://user@hooks.example/", "https://user:word@hooks.example/", "https://hooks.example/#a",
        "https://hooks.example:99999/", "https://hooks.example:x/", "https://[::1/", "https://hooks.example/a b",
        "https://hooks.example/\r\nx: y", "https://hö.example/", "javascript:alert(1)", "https://hooks.example\\@8.8.8.8/",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(url):
    with pytest.raises(BadAddress):
        parse(url)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "017700000001", "127.1", "localhost"])
def test_other_ways_to_write_this_machine_are_seen_through_when_resolved(host, closed):
    with pytest.raises(AddressNotAllowed):
        resolve(parse(f"https://{host}/"))


def test_networks_of_the_owners_own_are_reached_by_http_and_on_any_port(settings, resolver):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["10.1.0.0/16"]
    resolver.answers = [["10.1.2.3"]]

    assert resolve(parse("http://billing.internal:8080/")) == ["10.1.2.3"]


@pytest.mark.parametrize("answer", [["10.2.0.1"], ["10.1.2.3", "10.2.0.1"], ["8.8.8.8"]])
def test_by_http_nothing_else_is_reached(settings, resolver, answer):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["10.1.0.0/16"]
    resolver.answers = [answer]

    with pytest.raises(AddressNotAllowed):
        resolve(parse("http://billing.internal:8080/"))


def test_a_name_that_nobody_knows_is_said_to_be_unknown(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror

    monkeypatch.setattr(guard.socket, "getaddrinfo", unknown)

    with pytest.raises(AddressUnknown):
        resolve(parse("https://hooks.example/"))
    assert post("https://hooks.example/", b"{}", {}).error == "The name of the receiver is not known."


def test_a_name_that_moves_inside_after_the_check_gains_nothing(closed, resolver, monkeypatch):
    dialled = []

    def dial(address, timeout):
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(transport.socket, "create_connection", dial)
    resolver.answers = [["8.8.8.8"], ["127.0.0.1"]]

    answer = post("https://hooks.example/", b"{}", {})

    assert resolver.asked == 1
    assert dialled == [("8.8.8.8", 443)]
    assert answer.error == "The receiver refused the connection."


def test_a_second_address_is_tried_when_the_first_takes_no_connection(resolver, monkeypatch):
    dialled = []

    def dial(address, timeout):
        dialled.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(transport.socket, "create_connection", dial)
    resolver.answers = [["8.8.8.8", "8.8.4.4", "1.1.1.1"]]

    post("https://hooks.example/", b"{}", {})

    assert dialled == ["8.8.8.8", "8.8.4.4"]


@pytest.fixture
def authority(monkeypatch):
    """The one certificate authority that is believed."""
    made = trustme.CA()
    trusting = ssl.create_default_context()
    made.configure_trust(trusting)
    monkeypatch.setattr(transport, "tls_context", lambda: trusting)
    return made


def serving(authority, name):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(tls)
    return receiving(tls=tls)


def test_the_connection_goes_to_the_checked_address_and_the_certificate_is_the_names(authority, resolver):
    resolver.answers = [["127.0.0.1"]]
    with serving(authority, "hooks.example") as receiver:
        answer = post(receiver.url(host="hooks.example"), b"{}", {})

    (came,) = receiver.received
    assert (answer.status, answer.error) == (200, "")
    assert came.headers["host"] == f"hooks.example:{receiver.port}"


def test_a_certificate_of_another_name_is_refused(authority, resolver):
    resolver.answers = [["127.0.0.1"]]
    with serving(authority, "other.example") as receiver:
        answer = post(receiver.url(host="hooks.example"), b"{}", {})

    assert receiver.received == []
    assert answer.error.startswith("The certificate is not accepted: Hostname mismatch")


def test_a_certificate_of_an_unknown_authority_is_refused(resolver):
    resolver.answers = [["127.0.0.1"]]
    with serving(trustme.CA(), "hooks.example") as receiver:
        answer = post(receiver.url(host="hooks.example"), b"{}", {})

    assert receiver.received == []
    assert answer.error.startswith("The certificate is not accepted: ")


def test_a_handshake_that_takes_too_long_is_left(monkeypatch):
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        answer = post(f"https://127.0.0.1:{silent.getsockname()[1]}/", b"{}", {})

    assert answer.error == "The receiver took too long."
    assert answer.ms < 2000
