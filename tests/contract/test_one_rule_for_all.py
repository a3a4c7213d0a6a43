"""The rules of docs/api.md, asked of every operation that the schema lists: a new one is held to them unnamed."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.api import sparse_fields
from tests.contract.asking import undone
from tests.contract.schema import described
from tests.contract.world import World

pytestmark = pytest.mark.usefixtures("db", "unlimited")

SCHEMA: dict[str, Any] = described()
SCHEMAS: dict[str, Any] = SCHEMA["components"]["schemas"]
OPERATIONS = [(method, path) for path, methods in SCHEMA["paths"].items() for method in methods]
READS = [path for method, path in OPERATIONS if method == "get"]
WRITES = [(method, path) for method, path in OPERATIONS if method != "get"]
ASKED = {"/api/v1/search/": {"q": "bowl"}, "/api/v1/insights/sales/": {"from": "2026-01-01", "to": "2026-12-31"}}
LOCAL = "2026-11-21T09:30:00"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def whole(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed, and without what only wraps it."""
    if "$ref" in schema:
        return whole(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    return whole(schema["allOf"][0]) if "allOf" in schema else schema


def operation(method: str, path: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["paths"][path][method]
    return found


def body_of(method: str, path: str) -> dict[str, Any]:
    """The schema of what is sent; {} where no body is taken."""
    content = operation(method, path).get("requestBody", {}).get("content", {})
    return whole(next(iter(content.values()))["schema"]) if content else {}


def parameters_of(method: str, path: str) -> dict[str, dict[str, Any]]:
    found = operation(method, path).get("parameters", [])
    return {one["name"]: whole(one["schema"]) for one in found if one["in"] == "query"}


def answers() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(schema's name, field, its schema) of everything that is answered with."""
    for name, schema in SCHEMAS.items():
        if not name.endswith("Request"):
            for field, about in schema.get("properties", {}).items():
                yield name, field, whole(about)


@pytest.fixture
def call(world: World) -> Any:
    """Asks as the owner, whose sign-in is recent."""
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in world.people["staff"].items()}

    def send(method: str, path: str, body: Any = None, *, query: str = "", slash: bool = True, **more: Any) -> Any:
        address = path.format(**world.parts_of(path))
        address = (address if slash else address.rstrip("/")) + (f"?{query}" if query else "")
        if "multipart/form-data" in str(SCHEMA["paths"][path]):  # an address takes one kind of body
            more["content_type"], content = "multipart/form-data; boundary=x", multipart(body or {})
        else:
            more["content_type"], content = "application/json", b"" if body is None else json.dumps(body).encode()
        with undone():
            return Client().generic(method.upper(), address, content, **headers, **more)

    return send


def multipart(fields: Any) -> bytes:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    ]
    return ("".join(parts) + "--x--\r\n").encode()


def errors_of(answer: Any) -> list[tuple[str, str]]:
    assert answer["Content-Type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in answer.json().get("errors", ())]


# --- What is sent ---


@pytest.mark.parametrize(("method", "path"), WRITES)
def test_an_unknown_field_is_refused(method, path, call):
    answer = call(method, path, {"nonsense": 1})

    assert answer.status_code == 400
    assert ("/nonsense", "unknown_field") in errors_of(answer)


INSIDE = [
    (method, path, name, about)
    for method, path in WRITES
    for name, about in body_of(method, path).get("properties", {}).items()
    if "properties" in whole(about) or "properties" in whole(whole(about).get("items", {}))
]


@pytest.mark.parametrize(("method", "path", "name", "about"), INSIDE)
def test_an_unknown_field_inside_of_another_is_refused(method, path, name, about, call):
    is_list = whole(about).get("type") == "array"
    answer = call(method, path, {name: [{"nonsense": 1}] if is_list else {"nonsense": 1}})

    wrong = [pointer for pointer, _code in errors_of(answer)]
    assert answer.status_code == 400
    # Money is refused as a whole.
    assert f"/{name}/0/nonsense" in wrong or f"/{name}/nonsense" in wrong or f"/{name}" in wrong


@pytest.mark.parametrize(("method", "path"), [each for each in WRITES if body_of(*each).get("type") == "object"])
def test_a_body_that_is_no_object_is_refused_as_a_whole(method, path, call):
    if "application/json" in operation(method, path)["requestBody"]["content"]:
        answer = call(method, path, ["nonsense"])

        assert (answer.status_code, errors_of(answer)) == (400, [("", "invalid")])


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_unknown_parameter_is_refused(method, path, call):
    answer = call(method, path, query="nonsense=1")

    assert (answer.status_code, errors_of(answer)) == (400, [("/nonsense", "unknown_parameter")])


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_unknown_format_is_refused(method, path, call):
    answer = call(method, path, query="format=xml")

    assert (answer.status_code, errors_of(answer)) == (400, [("/format", "invalid_choice")])


def choices_of(schema: dict[str, Any]) -> list[Any]:
    return list(whole(schema.get("items", schema)).get("enum", []))


CHOICES = [
    (path, name)
    for path in READS
    for name, about in parameters_of("get", path).items()
    if choices_of(about) and name not in (sparse_fields.PARAMETER, "format")
]


@pytest.mark.parametrize(("path", "name"), CHOICES)
def test_a_value_that_is_not_among_those_listed_is_refused(path, name, call):
    asked = "".join(f"{key}={value}&" for key, value in ASKED.get(path, {}).items())
    answer = call("get", path, query=f"{asked}{name}=nope")

    assert answer.status_code == 400
    assert errors_of(answer)[0][0].split("/")[1] == name


def test_parameters_list_the_values_of_what_they_filter():
    """`kind`, `state` and the like: what has a few values in an answer has them as a parameter too."""
    listed = {field for _name, field, about in answers() if about.get("enum")} | {"kind"}

    open_ones = [
        (path, name)
        for path in READS
        for name, about in parameters_of("get", path).items()
        if name.rpartition("_")[2] in listed and about["type"] != "boolean" and not choices_of(about)
    ]

    assert open_ones == []


MOMENTS = [
    (method, path, name)
    for method, path in WRITES
    for name, about in body_of(method, path).get("properties", {}).items()
    if about.get("format") == "date-time"
]


@pytest.mark.parametrize(("method", "path", "name"), MOMENTS)
def test_a_time_without_its_offset_is_refused(method, path, name, call):
    answer = call(method, path, {name: LOCAL})

    assert answer.status_code == 400
    assert (f"/{name}", "offset_missing") in errors_of(answer)


ASKED_MOMENTS = [
    (path, name)
    for path in READS
    for name, about in parameters_of("get", path).items()
    if about.get("format") == "date-time"
]


@pytest.mark.parametrize(("path", "name"), ASKED_MOMENTS)
def test_a_time_without_its_offset_finds_nothing(path, name, call):
    refused = call("get", path, query=f"{name}={LOCAL}")
    taken = call("get", path, query=f"{name}={LOCAL}Z")

    assert (refused.status_code, errors_of(refused)) == (400, [(f"/{name}", "offset_missing")])
    assert taken.status_code == 200


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_without_the_slash_a_read_is_led_on_and_a_write_is_not_found(method, path, call):
    answer = call(method, path, slash=False)

    if method == "get":
        assert (answer.status_code, answer["Location"][-1]) == (301, "/")
    else:
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert answer.json()["detail"] == "There is nothing here. Addresses end with a slash."


COMPARED = [(method, path) for method, path in WRITES if "412" in operation(method, path)["responses"]]


@pytest.mark.parametrize(("method", "path"), COMPARED)
def test_if_match_with_a_star_matches_what_is_there(method, path, call):
    answer = call(method, path, {} if body_of(method, path) else None, HTTP_IF_MATCH="*")

    assert answer.status_code not in (412, 428)


# --- What is answered ---


@pytest.mark.parametrize("path", READS)
def test_times_are_in_utc_whatever_the_zone_of_the_site(path, call):
    asked = "&".join(f"{key}={value}" for key, value in ASKED.get(path, {}).items())

    with timezone.override("America/New_York"):
        answer = call("get", path, query=asked)

    times = [text for text in texts_of(answer.json()) if TIME.match(text)]
    assert [text for text in times if not text.endswith("Z")] == []


def texts_of(data: Any) -> Iterator[str]:
    if isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from texts_of(part)
    elif isinstance(data, str):
        yield data


@pytest.mark.parametrize("path", READS)
def test_chosen_parts_are_an_answer_of_a_kind_of_its_own(path, call):
    asked = "".join(f"{key}={value}&" for key, value in ASKED.get(path, {}).items())
    name = parameters_of("get", path)["fields"]["items"]["enum"][0]

    answer = call("get", path, query=f"{asked}fields={name}")

    assert answer["Content-Type"] == sparse_fields.CONTENT_TYPE
    schema = whole(operation("get", path)["responses"]["200"]["content"][sparse_fields.CONTENT_TYPE]["schema"])
    if sparse_fields.is_page(answer.json()):
        schema = whole(schema["properties"]["results"]["items"])
    assert name in schema["properties"]
    assert "required" not in schema


def test_every_list_has_one_form():
    found = [
        whole(operation("get", path)["responses"]["200"]["content"]["application/json"]["schema"]) for path in READS
    ]

    lists = [schema for schema in found if "results" in schema.get("properties", {})]
    assert [schema for schema in found if schema.get("type") == "array"] == []
    assert all({"next", "previous", "results"} <= set(schema["required"]) for schema in lists)
    assert len(lists) >= 20


def test_public_ids_have_one_name():
    """`id` stands in references and hits only, beside the kind."""
    alone = {name for name, field, _about in answers() if field == "id" and "kind" not in SCHEMAS[name]["properties"]}

    assert alone == set()


def test_a_reference_has_one_form():
    fields = {(name, field) for name, field, _about in answers()}
    named = {name: about for name, field, about in answers() if field in ("about", "subject", "actor")}

    assert {
        (name, field) for name, field in fields if field.endswith("_kind") and (name, f"{field[:-5]}_id") in fields
    } == set()
    assert {name for name, about in named.items() if set(about["properties"]) != {"kind", "id"}} == set()


def test_addresses_say_whether_they_are_whole():
    said = {
        (name, field)
        for name, field, about in answers()
        if field in ("url", "avatar", "next", "previous") or field.endswith("_url")
        if about.get("format") not in ("uri", "uri-reference")
    }

    assert said == set()


# --- What is changed ---


TWO_STEPS = {("post", "/api/v1/carts/{token}/orders/")}  # the order, then its payment: the provider is asked between


@pytest.mark.parametrize(("method", "path"), [each for each in WRITES if each not in TWO_STEPS])
def test_a_write_is_one_transaction(method, path, call, world):
    """With all that can be sent, so that none of it is written apart from the rest."""
    with CaptureQueriesContext(connection) as asked:
        call(method, path, example_of(body_of(method, path)) if body_of(method, path) else None)

    assert len(blocks_that_write(asked.captured_queries)) <= 1


def example_of(schema: dict[str, Any]) -> Any:
    """All that can be sent, as the schema's examples have it."""
    found = whole(schema)
    if "example" in schema or "example" in found:
        return schema.get("example", found.get("example"))
    if "enum" in found:
        return found["enum"][-1]
    if "properties" in found:
        return {name: example_of(about) for name, about in found["properties"].items()}
    if found.get("type") == "array":
        return [example_of(found["items"])]
    return {"string": "text", "boolean": True}.get(found.get("type", ""), found.get("minimum", 1))


def blocks_that_write(queries: list[dict[str, str]]) -> list[str]:
    """The outermost transactions, savepoints in the test's own, in which something is written; each statement outside
    of them is one.
    """
    found, depth, writes = [], 0, ""
    for query in (one["sql"] for one in queries):
        word = query.split(" ")[0]
        if word == "SAVEPOINT":
            depth += 1
        elif word in ("RELEASE", "ROLLBACK"):
            depth -= 1
            if depth == 0 and writes:
                found.append(writes)
                writes = ""
        elif word in ("INSERT", "UPDATE", "DELETE") and not IGNORED.search(query):
            if depth == 0:
                found.append(query)
            else:
                writes = query
    return found


# What is kept beside what a caller asks for: when a session or a key was used.
IGNORED = re.compile(r'"(django_session|accounts_session|accounts_apikey)"')
