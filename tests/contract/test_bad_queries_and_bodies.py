"""Bad input in a query or raw body of any address: no fault, for any role, and nothing in the log.

Admin and page parameters are asked one at a time, because a refusal of one would hide the others. What the guard at
the edge refuses is asked once an address.
"""

from collections.abc import Sequence
from typing import Any, Final

import pytest

from tests.contract import addresses as site
from tests.contract.addresses import Address
from tests.contract.asking import Ask, Faults
from tests.contract.existing import existing, operations
from tests.contract.world import PRINCIPALS, World

pytestmark = pytest.mark.usefixtures("db", "unlimited")

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
PARTS: Final = "multipart/form-data; boundary=x"
# As they stand in a query. The text has half a surrogate pair and bytes that are not UTF-8, and is overlong.
TEXT: Final = f"%ff%ed%a0%80{'x' * 3000}"
NUMBER: Final = "9" * 30
MOMENT: Final = "0001-01-01T00:00:00%2B23:59"
INVENTED: Final = "WyJuIiwxXQ"
QUERY_VALUES: Final = (TEXT, NUMBER, MOMENT, "9999-12-31T23:59:59-23:59", INVENTED)
OF_MOMENTS: Final = ("__gte", "__year", "__month", "__day")
OF_EVERY_LIST: Final = ("cursor", "page_size", "ordering", "fields", "format", "no_such")
DEEP: Final = 100_000
REFUSED_JSON: Final[tuple[str | bytes, ...]] = (
    b"\xff\xfe",
    b'{"a": "\xed\xa0\x80"}',
    '{"a": "\\ud800"}',
    '{"a": "\0"}',
    '{"a": "\\u0000", "\\u0000": 1}',
    "[" * DEEP,
    '{"a":' * DEEP,
    '{"quantity": NaN}',
    '{"quantity": -Infinity}',
    '{"quantity": 1e999}',
    "{",
)
ODD_JSON: Final = ("[]", '{"email": "a@example.com", "email": []}', "null", "1", '"x"', "true", "")
TRUNCATED: Final = '--x\r\nContent-Disposition: form-data; name="a"; filename="a.png"\r\n\r\nb'
OTHER_BODIES: Final[tuple[tuple[str | bytes, str], ...]] = (
    (TRUNCATED, PARTS),
    (TRUNCATED, "multipart/form-data"),
    (TRUNCATED.replace("filename", "x") + "\r\n--x\r\n", PARTS),
    (
        b'--x\r\nContent-Disposition: form-data; name="\xff"\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--x--',
        PARTS,
    ),
    (b"\xff=\xff&a=%ff%ed%a0%80&&==", FORM),
    ("a=1", JSON),
    ("<a/>", "application/xml"),
    ("a,b", "text/csv"),
    (b"\x89PNG", "image/png"),
    ("a", "x" * 500),
    ("a", "/;;="),
)


def pages() -> Sequence[Address]:
    return [address for address in site.addresses() if not address.is_api and not address.is_admin]


def admin() -> Sequence[Address]:
    return [address for address in site.addresses() if address.is_admin]


def every_role_asked(faults: Faults, least: int) -> None:
    """Fails where a role has asked less than the test means it to, so that none is passed over in silence."""
    faults.require_none()
    assert {who: faults.asked[who] for who in PRINCIPALS if faults.asked[who] < least} == {}


def in_turn(values: Sequence[Any], index: int, count: int) -> list[Any]:
    """`count` of the values for the address of this number; with many addresses each value has its turn."""
    return [values[(index * count + place) % len(values)] for place in range(count)]


def reads_json(address: Address) -> bool:
    return address.path.startswith("/_allauth/") or getattr(address.view, "reads_body_itself", False)


def test_nul_in_a_query_is_refused_at_every_address(ask: Ask, faults: Faults) -> None:
    answered = {}
    for index, address in enumerate(site.addresses()):
        status = ask(PRINCIPALS[index % 3], address.methods[0], address.path, query="a=%00&%00=b")
        if status != 400:
            answered[address.path] = status

    assert answered == {"/oauth/introspect/": 405}  # takes POST alone
    every_role_asked(faults, least=200)


def test_no_query_of_the_api_is_a_fault(ask: Ask, faults: Faults, world: World) -> None:
    for method, path, operation in operations(world):
        described = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
        for index, name in enumerate(dict.fromkeys((*described, *(OF_EVERY_LIST if method == "GET" else ())))):
            for value in QUERY_VALUES:
                ask("staff", method, path, "{}", JSON, f"{name}={value}")
            for value in in_turn(QUERY_VALUES, index, 1):
                ask(PRINCIPALS[index % 2], method, path, "{}", JSON, f"{name}={value}")

    every_role_asked(faults, least=100)


def test_no_query_of_a_page_is_a_fault(ask: Ask, faults: Faults, world: World) -> None:
    for index, address in enumerate(pages()):
        names, path = site.query_names(address), existing(address, world)
        for name in names:
            for value in QUERY_VALUES:
                ask("staff", "GET", path, query=f"{name}={value}")
        for who, value in zip(in_turn(PRINCIPALS, index, 2), in_turn(QUERY_VALUES, index, 2), strict=True):
            ask(who, "GET", path, query="&".join(f"{name}={value}" for name in (*names, "q", "next", "cursor")))

    every_role_asked(faults, least=100)


def test_no_query_of_the_admin_is_a_fault(ask: Ask, faults: Faults, world: World) -> None:
    for index, address in enumerate(admin()):
        names, path = site.query_names(address), existing(address, world)
        for name in names if address.route in site.changelists() else ():
            other = MOMENT if name.endswith(OF_MOMENTS) else TEXT
            for value in in_turn((NUMBER, TEXT), index, 1) if name in site.OF_ADMIN_LISTS else (NUMBER, other):
                ask("staff", "GET", path, query=f"{name}={value}")
        for value in in_turn(QUERY_VALUES, index, 1):
            ask(PRINCIPALS[index % 3], "GET", path, query="&".join(f"{name}={value}" for name in names))

    every_role_asked(faults, least=100)


def test_no_raw_body_of_the_api_is_a_fault(ask: Ask, faults: Faults, world: World) -> None:
    writes = [(method, path) for method, path, _about in operations(world) if method not in ("GET", "DELETE")]
    for index, (method, path) in enumerate(writes):
        for body in (*REFUSED_JSON, *ODD_JSON):
            ask("staff", method, path, body, JSON)
        for body, kind in OTHER_BODIES:
            ask("staff", method, path, body, kind)
        for who in ("customer", "anonymous"):
            for body in in_turn((*REFUSED_JSON, *ODD_JSON), index, 3):
                ask(who, method, path, body, JSON)
            for body, kind in in_turn(OTHER_BODIES, index, 2):
                ask(who, method, path, body, kind)

    every_role_asked(faults, least=200)


def test_no_raw_body_of_a_page_is_a_fault(ask: Ask, faults: Faults, world: World) -> None:
    for index, address in enumerate(pages()):
        path = existing(address, world)
        refused = REFUSED_JSON if reads_json(address) else in_turn(REFUSED_JSON, index, 1)
        others = OTHER_BODIES[:1] + OTHER_BODIES[3:6] + tuple(in_turn(OTHER_BODIES, index, 2))
        sent = [*((body, JSON) for body in (*refused, *ODD_JSON[:2], *in_turn(ODD_JSON[2:], index, 1))), *others]
        for place, (body, kind) in enumerate(sent):
            ask(PRINCIPALS[(index + place) % 3], "POST", path, body, kind)

    every_role_asked(faults, least=500)


def test_no_raw_body_of_the_admin_is_a_fault(ask: Ask, faults: Faults, world: World) -> None:
    for index, address in enumerate(admin()):
        path = existing(address, world)
        for body, kind in in_turn(OTHER_BODIES, index, 1):
            ask("staff", "POST", path, body, kind)
        for body in in_turn((*REFUSED_JSON, *ODD_JSON), index, 1):
            ask(PRINCIPALS[index % 3], "POST", path, body, JSON)

    every_role_asked(faults, least=100)
