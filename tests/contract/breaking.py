"""What in a newer schema would break a program written for an older one.

`breaks(old, new)` reads two OpenAPI documents. A program breaks when something it calls, sends or reads goes away or
changes its meaning: an operation, a parameter, a field of an answer, a status, a value it may send, a type; or when it
must send something it did not have to. New operations, optional inputs, fields and codes break nothing: programs
must ignore what they do not know (docs/api.md).
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
NARROWING = {"maxLength": -1, "maximum": -1, "maxItems": -1, "minLength": 1, "minimum": 1, "minItems": 1}


def breaks(old: Schema, new: Schema) -> list[str]:
    """One line for each break, led by `METHOD /path`, so that it can be looked up."""
    return [
        f"{method.upper()} {path}: {found}"
        for path, methods in old["paths"].items()
        for method, operation in methods.items()
        for found in _Comparison(old, new).of_operation(operation, new["paths"].get(path, {}).get(method))
    ]


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.documents = {"old": old, "new": new}
        self.seen: set[tuple[str, str, bool]] = set()

    def of_operation(self, old: Schema, new: Schema | None) -> Iterator[str]:
        if new is None:
            yield "is gone"
            return
        yield from self._of_parameters(old.get("parameters", []), new.get("parameters", []))
        if _is_open(old) and not _is_open(new):
            yield "is not open to everyone any more"
        if old.get("x-required-scope") != new.get("x-required-scope") and new.get("x-required-scope"):
            yield f"needs the scope {new['x-required-scope']}"
        yield from self._of_body(old.get("requestBody"), new.get("requestBody"))
        for status, response in old["responses"].items():
            if status < "400":
                yield from self._of_response(status, response, new["responses"].get(status))

    def _of_parameters(self, old: list[Schema], new: list[Schema]) -> Iterator[str]:
        before, after = ({(one["in"], one["name"]): one for one in some} for some in (old, new))
        for (place, name), parameter in before.items():
            if (place, name) not in after:
                yield f"the {place} parameter {name} is gone"
            else:
                yield from self.of_schema(
                    parameter["schema"], after[place, name]["schema"], f"{place}.{name}", sent=True
                )
        for key, parameter in after.items():
            if parameter.get("required") and not before.get(key, {}).get("required"):
                yield f"the {key[0]} parameter {key[1]} must be sent"

    def _of_body(self, old: Schema | None, new: Schema | None) -> Iterator[str]:
        if new and new.get("required") and not (old and old.get("required")):
            yield "a body must be sent"
        if old and new:
            yield from self._of_content(old["content"], new["content"], "body", sent=True)

    def _of_response(self, status: str, old: Schema, new: Schema | None) -> Iterator[str]:
        if new is None:
            yield f"does not answer {status} any more"
            return
        old, new = self._whole(old, "old"), self._whole(new, "new")
        yield from self._of_content(old.get("content", {}), new.get("content", {}), status, sent=False)

    def _of_content(self, old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
        for kind, media in old.items():
            if kind not in new:
                yield f"{where} as {kind} is gone"
            else:
                yield from self.of_schema(media.get("schema", {}), new[kind].get("schema", {}), where, sent=sent)

    def of_schema(self, old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
        if (names := (old.get("$ref", ""), new.get("$ref", ""), sent)) in self.seen:
            return
        if all(names[:2]):
            self.seen.add(names)
        old, new = self._whole(old, "old"), self._whole(new, "new")
        yield from _of_values(old, new, where, sent=sent)
        yield from self._of_properties(old, new, where, sent=sent)
        for inner in ("items", "additionalProperties"):
            if isinstance(old.get(inner), dict) and isinstance(new.get(inner), dict):
                yield from self.of_schema(old[inner], new[inner], f"{where}[]", sent=sent)

    def _of_properties(self, old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name not in after:
                yield f"{where}.{name} is gone"
            else:
                yield from self.of_schema(schema, after[name], f"{where}.{name}", sent=sent)
        must_before, must_after = set(old.get("required", ())), set(new.get("required", ()))
        if sent:
            yield from (f"{where}.{name} must be sent" for name in sorted(must_after - must_before))
        else:
            yield from (f"{where}.{name} may be missing" for name in sorted((must_before - must_after) & set(after)))

    def _whole(self, schema: Schema, side: str) -> Schema:
        """A schema with its reference followed; one wrapped for a description or a null (allOf, oneOf) merged."""
        if "$ref" in schema:
            found: Any = self.documents[side]
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            return self._whole(found, side)
        parts = [*schema.get("allOf", ()), *schema.get("oneOf", ())]
        if not parts:
            return schema
        merged: Schema = {name: value for name, value in schema.items() if name not in ("allOf", "oneOf")}
        for part in parts:
            whole = self._whole(part, side)
            enum = [*merged.get("enum", ()), *whole.get("enum", ())]
            merged |= whole | ({"enum": enum} if enum else {})
        return merged


def _of_values(old: Schema, new: Schema, where: str, *, sent: bool) -> Iterator[str]:
    if old.get("type") != new.get("type") or old.get("format") != new.get("format"):
        yield f"{where} was {_kind(old)}, is {_kind(new)}"
    if not sent and new.get("nullable") and not old.get("nullable"):
        yield f"{where} may be null"
    if sent and old.get("nullable") and not new.get("nullable"):
        yield f"{where} may not be null any more"
    if sent and "enum" in new:
        gone = [str(value) for value in old.get("enum", ["anything"]) if value not in new["enum"]]
        yield from (f"{where} may not be {value} any more" for value in gone)
    if sent:
        yield from _of_bounds(old, new, where)


def _of_bounds(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for bound, sign in NARROWING.items():
        if bound in new and (bound not in old or (new[bound] - old[bound]) * sign > 0):
            yield f"{where}: {bound} is {new[bound]}, was {old.get(bound, 'open')}"


def _kind(schema: Schema) -> str:
    return " ".join(filter(None, (schema.get("type", "anything"), schema.get("format", ""))))


def _is_open(operation: Schema) -> bool:
    return {} in operation.get("security", [{}])
