"""What `?fields=` answers with, in the schema: an answer of a kind of its own, in which nothing is required."""

from copy import deepcopy
from typing import Any

from core.api import sparse_fields

JSON = "application/json"


def add_parts(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """A hook of the package that writes the schema; runs after all others."""
    schemas = result["components"]["schemas"]
    for methods in result["paths"].values():
        read = methods.get("get", {})
        if sparse_fields.PARAMETER in {one["name"] for one in read.get("parameters", ())}:
            content = read["responses"]["200"]["content"]
            content[sparse_fields.CONTENT_TYPE] = {"schema": _parts_of(content[JSON]["schema"], schemas)}
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _parts_of(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """The same with a thing's parts where it has whole things: of one, or of a page of them."""
    name = schema["$ref"].rpartition("/")[2] if "$ref" in schema else ""
    whole = schemas[name] if name else schema
    if sparse_fields.is_page(whole.get("properties")):
        page: dict[str, Any] = deepcopy(whole)
        items = page["properties"]["results"]["items"]
        page["properties"]["results"]["items"] = _parts_of(items, schemas)
        return page
    parts = {key: value for key, value in deepcopy(whole).items() if key != "required"}
    schemas.setdefault(f"{name}Parts", parts)
    return {"$ref": f"#/components/schemas/{name}Parts"}
