"""What breaks a program is found, and what does not is let through."""

import copy

import pytest

from tests.contract.breaking import breaks

OLD = {
    "paths": {
        "/kilns/": {
            "get": {
                "parameters": [
                    {"in": "query", "name": "hot", "schema": {"type": "boolean"}},
                    {"in": "query", "name": "kind", "schema": {"type": "string", "enum": ["gas", "wood"]}},
                ],
                "security": [{"session": []}, {}],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Kiln"}}}}
                },
            },
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/KilnRequest"}}}
                },
                "security": [{"session": []}],
                "x-required-scope": "kiln:write",
                "responses": {
                    "201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Kiln"}}}}
                },
            },
        }
    },
    "components": {
        "schemas": {
            "Kiln": {
                "type": "object",
                "required": ["name", "heat"],
                "properties": {
                    "name": {"type": "string"},
                    "heat": {"type": "integer"},
                    "owner": {"allOf": [{"$ref": "#/components/schemas/Owner"}], "nullable": True},
                    "inside": {"type": "array", "items": {"$ref": "#/components/schemas/Kiln"}},
                },
            },
            "KilnRequest": {
                "type": "object",
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "maxLength": 80},
                    "fuel": {"oneOf": [{"$ref": "#/components/schemas/Fuel"}, {"enum": [""]}]},
                    "note": {"type": "string", "nullable": True},
                },
            },
            "Owner": {"type": "object", "properties": {"id": {"type": "string", "format": "uuid"}}},
            "Fuel": {"type": "string", "enum": ["gas", "wood"]},
        }
    },
}


def changed(*path, to=None, drop=False):
    new = copy.deepcopy(OLD)
    *way, last = path
    inner = new
    for step in way:
        inner = inner[step]
    if drop:
        del inner[last]
    elif isinstance(inner, list) and last == len(inner):
        inner.append(to)
    else:
        inner[last] = to
    return new


GET = ("paths", "/kilns/", "get")
POST = ("paths", "/kilns/", "post")
SCHEMAS = ("components", "schemas")
KILN = (*SCHEMAS, "Kiln", "properties")
REQUEST = (*SCHEMAS, "KilnRequest", "properties")


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (changed("paths", "/kilns/", drop=True), "GET /kilns/: is gone"),
        (changed(*POST, drop=True), "POST /kilns/: is gone"),
        (changed(*GET, "parameters", 0, drop=True), "GET /kilns/: the query parameter hot is gone"),
        (changed(*GET, "parameters", 0, "schema", "type", to="string"), "GET /kilns/: query.hot was boolean, is string"),
        (changed(*GET, "parameters", 0, "required", to=True), "GET /kilns/: the query parameter hot must be sent"),
        (changed(*GET, "parameters", 2, to={"in": "query", "name": "to", "required": True, "schema": {}}), "GET /kilns/: the query parameter to must be sent"),
        (changed(*GET, "parameters", 1, "schema", "enum", to=["gas"]), "GET /kilns/: query.kind may not be wood any more"),
        (changed(*GET, "security", to=[{"session": []}]), "GET /kilns/: is not open to everyone any more"),
        (changed(*POST, "x-required-scope", to="kiln:own"), "POST /kilns/: needs the scope kiln:own"),
        (changed(*GET, "responses", to={"204": {}}), "GET /kilns/: does not answer 200 any more"),
        (changed(*GET, "responses", "200", "content", to={"text/csv": {}}), "GET /kilns/: 200 as application/json is gone"),
        (changed(*KILN, "heat", drop=True), "GET /kilns/: 200.heat is gone"),
        (changed(*KILN, "heat", "type", to="number"), "GET /kilns/: 200.heat was integer, is number"),
        (changed(*KILN, "heat", "nullable", to=True), "GET /kilns/: 200.heat may be null"),
        (changed(*SCHEMAS, "Kiln", "required", to=["name"]), "GET /kilns/: 200.heat may be missing"),
        (changed(*SCHEMAS, "Owner", "properties", "id", "format", to="uri"), "GET /kilns/: 200.owner.id was string uuid, is string uri"),
        (changed(*POST, "requestBody", "required", to=True), "POST /kilns/: a body must be sent"),
        (changed(*SCHEMAS, "KilnRequest", "required", to=["name", "fuel"]), "POST /kilns/: body.fuel must be sent"),
        (changed(*SCHEMAS, "Fuel", "enum", to=["gas"]), "POST /kilns/: body.fuel may not be wood any more"),
        (changed(*REQUEST, "note", "nullable", to=False), "POST /kilns/: body.note may not be null any more"),
        (changed(*REQUEST, "note", drop=True), "POST /kilns/: body.note is gone"),
        (changed(*REQUEST, "name", "maxLength", to=40), "POST /kilns/: body.name: maxLength is 40, was 80"),
        (changed(*REQUEST, "note", "minLength", to=1), "POST /kilns/: body.note: minLength is 1, was open"),
    ],
)  # fmt: skip
def test_a_break_is_found_and_named(new, found):
    assert found in breaks(OLD, new)


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        changed("paths", "/ovens/", to={"get": {"responses": {}}}),
        changed(*GET, "parameters", 2, to={"in": "query", "name": "q", "schema": {"type": "string"}}),
        changed(*GET, "responses", "404", to={}),
        changed(*GET, "deprecated", to=True),
        changed(*POST, "security", to=[{"session": []}, {"bearer": []}]),
        changed(*KILN, "made_at", to={"type": "string"}),
        changed(*KILN, "name", "maxLength", to=10),
        changed(*SCHEMAS, "Owner", "properties", "name", to={"type": "string"}),
        changed(*REQUEST, "colour", to={"type": "string"}),
        changed(*REQUEST, "name", "maxLength", to=120),
        changed(*SCHEMAS, "Fuel", "enum", to=["gas", "wood", "sun"]),
        changed(*SCHEMAS, "KilnRequest", "required", to=[]),
    ],
)
def test_what_adds_breaks_nothing(new):
    assert breaks(OLD, new) == []
