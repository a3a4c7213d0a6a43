"""Lists as CSV: a page of a list, flattened, in an order that does not move."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rest_framework import renderers, serializers

from core.api.sparse_fields import is_page
from core.csv_export import lines


class CsvRenderer(renderers.BaseRenderer):
    """RFC 4180 with a header line. The view's `shape` gives the columns, so an empty list has them too."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Mapping[str, Any] | None = None
    ) -> str:
        view = (renderer_context or {})["view"]
        wanted = view.fields_asked
        columns = [path for path in columns_of(view.shape()()) if not wanted or path[0] in wanted]
        rows = ([_value(thing, path) for path in columns] for thing in _things(data))
        return "".join(lines([".".join(path) for path in columns], rows))


def columns_of(shape: serializers.Serializer[Any], inside: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths to what a shape's things hold: nested things by their parts, lists as one column."""
    for name, field in shape.fields.items():
        nested = _declared(shape, name, field)
        if isinstance(nested, serializers.Serializer):
            yield from columns_of(nested, (*inside, name))
        elif parts := getattr(nested, "columns", ()):
            yield from ((*inside, name, part) for part in parts)
        else:
            yield (*inside, name)


def _declared(shape: serializers.Serializer[Any], name: str, field: Any) -> Any:
    """A field, or what the schema was told that a method gives."""
    if not isinstance(field, serializers.SerializerMethodField):
        return field
    method = getattr(shape, field.method_name or f"get_{name}")
    return getattr(method, "_spectacular_annotation", {}).get("field", field)


def _things(data: Any) -> Iterable[Any]:
    things: Iterable[Any] = data["results"] if is_page(data) else data
    return things


def _value(thing: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        thing = thing.get(step) if isinstance(thing, Mapping) else None
    return thing
