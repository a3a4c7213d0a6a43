"""Bad input in a path, query, form, body or header of any address: no fault, and nothing in the log.

Addresses come from the URLconf, so a new one is tried by itself. Each is asked as a stranger, a customer and staff.
What the guard at the edge refuses before any view runs is tried once an address; what only a view, a filter or an
admin lookup can judge is tried for each of its parameters.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest

from tests.contract import addresses as site
from tests.contract.addresses import Address
from tests.contract.asking import Ask, Faults, environ
from tests.contract.schema import described
from tests.contract.world import PRINCIPALS, World

pytestmark = pytest.mark.usefixtures("db", "unlimited")

NUMBER: Final = "9" * 30
MOMENT: Final = "0001-01-01T00:00:00+23:59"
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
VALUES: Final = (NUMBER, MOMENT, "-" * 40, "x" * 2000, "\u202e\ufffe'\"<%s {}")
FIELD_VALUES: Final = (10**30, -1, MOMENT, "x" * 5000, {"a": []}, None)
REFUSED_HEADERS: Final = (
    {"User-Agent": "a\0b"},
    {"Referer": "\0"},
    {"Content-Type": "text/plain; charset=utf-7"},
    {"Content-Type": "application/json; charset=unicode_escape"},
    {"Content-Type": "multipart/form-data; boundary=x; charset=utf-16"},
)
ODD_HEADERS: Final = (
    {
        "Cookie": 'session="\\000"; theme="\\000"; cart="a\\000"; messages="\\000"; csrf="\\000"; device="\\000"',
        "Authorization": "Basic ADpi",
        "Accept": ";;;/,*",
        "Accept-Language": "x" * 600,
        "Referer": "http://[",
        "Origin": "http://[",
        "X-Forwarded-For": "\xff",
        "X-Request-ID": "\xff",
    },
    {
        "Authorization": f"Bearer {'9' * 5000}\xff",
        "If-Match": '"\\',
        "If-None-Match": "é" * 500,
        "Idempotency-Key": "\xff" * 300,
        "X-Session-Token": "x" * 3000,
        "X-Device-Token": "\xff",
        "HX-Request": "true",
        "HX-Current-URL": "http://[::",
        "Range": "bytes=x-",
        "User-Agent": "\xff" * 3000,
    },
)


def every() -> Sequence[Address]:
    return site.addresses()


def writing(address: Address) -> list[str]:
    return [method for method in address.methods if method not in ("GET", "HEAD", "OPTIONS")]


def test_no_path_is_a_fault(ask: Ask, faults: Faults) -> None:
    for address in every():
        stem, slash, _last = address.path.rstrip("/").rpartition("/")
        assert ask("anonymous", "GET", f"{stem}{slash}%00/") == 404, address
        for absurd in address.absurd:
            ask("staff", address.methods[0], quote(absurd))
        for method in address.methods[1:] if address.absurd else ():
            ask("staff", method, quote(address.absurd[0]))

    faults.require_none()


def test_no_form_is_a_fault(ask: Ask, faults: Faults) -> None:
    names = site.field_names()
    for address in every():
        if not address.is_api:
            refused = ask("anonymous", "POST", address.path, "a=%00", FORM)
            assert refused < 500, address
            for value in VALUES[:1] if address.is_admin else VALUES[:4]:
                ask("staff", "POST", address.path, urlencode(dict.fromkeys(names, value)), FORM)

    faults.require_none()


def test_no_value_in_a_body_is_a_fault(ask: Ask, faults: Faults, world: World) -> None:
    for path, method, example in _examples():
        for name in example:
            for value in FIELD_VALUES:
                body = json.dumps({**example, name: value})
                ask("staff", method, path.format(**world.parts_of(path)), body, JSON)

    faults.require_none()


def _examples() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described()["paths"].items():
        for method, operation in methods.items():
            given = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
            for example in list(given.get("examples", {}).values())[:1]:
                yield path, method.upper(), example["value"]


def test_no_header_is_a_fault(ask: Ask, faults: Faults) -> None:
    for address in every():
        for headers in ODD_HEADERS:
            ask("anonymous", address.methods[0], address.path, **environ(headers))
            for method in writing(address)[:1] if not address.is_admin else ():
                ask("anonymous", method, address.path, "{}", **environ(headers))
    for path in ("/", "/api/v1/products/", "/oauth/token/", "/_allauth/app/v1/auth/login", "/admin/login/"):
        for headers in REFUSED_HEADERS:
            for who in PRINCIPALS:
                assert ask(who, "POST", path, "{}", **environ(headers)) == 400, (path, headers)

    faults.require_none()
