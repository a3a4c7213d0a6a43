"""Every address that can be read, as the schema lists them, for the person who may read all."""

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client

from core.api.sparse_fields import is_page
from tests.contract.schema import described
from tests.contract.world import World

pytestmark = pytest.mark.usefixtures("db", "unlimited")

SCHEMA: dict[str, Any] = described()
READS = [path for path, methods in SCHEMA["paths"].items() if "get" in methods]
LISTS = [path for path in READS if "text/csv" in SCHEMA["paths"][path]["get"]["responses"]["200"]["content"]]
ASKED = {"/api/v1/search/": {"q": "bowl"}, "/api/v1/insights/sales/": {"from": "2026-01-01", "to": "2026-12-31"}}


@pytest.fixture
def read(world: World) -> Any:
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in world.people["staff"].items()}

    def get(path: str, **more: Any) -> Any:
        query = {**ASKED.get(path, {}), **more.pop("query", {})}
        return Client().get(path.format(**world.parts_of(path)), query, **headers, **more)

    return get


def things(data: Any) -> list[dict[str, Any]]:
    if is_page(data):
        return data["results"]
    return data if isinstance(data, list) else [data]


@pytest.mark.parametrize("path", READS)
def test_it_is_there_and_not_sent_twice(path, read):
    first = read(path)
    again = read(path, HTTP_IF_NONE_MATCH=first["ETag"])

    assert (first.status_code, again.status_code) == (200, 304)
    assert things(first.json())
    assert {"Accept", "Cookie"} <= set(first["Vary"].split(", "))


@pytest.mark.parametrize("path", READS)
def test_its_fields_can_be_chosen(path, read):
    whole = things(read(path).json())
    wanted = list(whole[0])[:2]

    some = things(read(path, query={"fields": ",".join(wanted)}).json())

    assert some == [{name: thing[name] for name in wanted} for thing in whole]
    assert read(path, query={"fields": "nonsense"}).status_code == 400


def parameters_of(path: str) -> dict[str, str]:
    """The names in the schema, with what is said of each."""
    found = SCHEMA["paths"][path]["get"].get("parameters", [])
    return {one["name"]: one.get("description", "") for one in found if one["in"] == "query"}


@pytest.mark.parametrize("path", READS)
def test_it_takes_what_the_schema_names_and_nothing_else(path, read):
    refused = read(path, query={"nonsense": "1"})
    taken = read(path, query=dict.fromkeys(parameters_of(path), ""))

    [error] = refused.json()["errors"]
    assert (refused.status_code, error["pointer"], error["code"]) == (400, "/nonsense", "unknown_parameter")
    assert taken.status_code == 200 or {error["code"] for error in taken.json()["errors"]}.isdisjoint(
        {"unknown_parameter"}
    )


@pytest.mark.parametrize("path", [path for path in READS if "ordering" in parameters_of(path)])
def test_it_is_ordered_by_what_the_schema_names_and_by_nothing_else(path, read):
    named = re.findall(r"`(-?\w+)`", parameters_of(path)["ordering"])

    refused = read(path, query={"ordering": f"{named[0]},id"})
    answers = [read(path, query={"ordering": order}).status_code for order in named]

    [error] = refused.json()["errors"]
    assert (refused.status_code, error["pointer"], error["code"]) == (400, "/ordering", "unknown_ordering")
    assert error["detail"] == f"Order by {', '.join(named)}."
    assert answers == [200] * len(named)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_a_line_for_each_thing_and_a_column_for_each_field(path, read):
    response = read(path, query={"format": "csv"})
    whole = things(read(path).json())  # after it: taking out the security log is an entry of that log

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert len(rows) == len(whole)
    assert {name.split(".")[0] for name in rows[0]} == set(whole[0])
    for row, thing in zip(rows, whole, strict=True):
        plain = {name: value for name, value in thing.items() if isinstance(value, str) and value[:1] not in "=+-@"}
        assert {name: row[name] for name in plain} == plain


def test_every_list_is_one():
    paged = [path for path in READS if "cursor" in {one["name"] for one in SCHEMA["paths"][path]["get"]["parameters"]}]

    assert set(paged) <= set(LISTS)
    assert len(LISTS) >= 12
