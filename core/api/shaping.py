"""`?fields=`: of each thing in an answer only the named parts."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

PARAMETER = "fields"


def asked_fields(request: Request, shape: type[serializers.BaseSerializer[Any]] | None) -> tuple[str, ...]:
    """The names in `?fields=`, each known; () when all are wanted. Raises ValidationError that names the unknown."""
    given = ",".join(request.query_params.getlist(PARAMETER))  # some generated clients repeat it instead
    if not given or shape is None:
        return ()
    wanted = tuple(dict.fromkeys(name.strip() for name in given.split(",")))
    known = names_of(shape)
    if unknown := [name for name in wanted if name not in known]:
        raise ValidationError({PARAMETER: [f"There is no field {name!r}." for name in unknown]}, code="unknown_field")
    return wanted


def names_of(shape: type[serializers.BaseSerializer[Any]]) -> tuple[str, ...]:
    made = shape()
    return tuple(made.fields) if isinstance(made, serializers.Serializer) else ()


def pick(data: Any, wanted: tuple[str, ...]) -> Any:
    """An answer (a thing, a list of things or a page of them) with the wanted parts only, in the answer's order."""
    if isinstance(data, list):
        return [_pick_one(thing, wanted) for thing in data]
    if is_page(data):
        return {**data, "results": [_pick_one(thing, wanted) for thing in data["results"]]}
    return _pick_one(data, wanted)


def is_page(data: Any) -> bool:
    return isinstance(data, dict) and {"next", "previous", "results"} <= set(data)


def _pick_one(thing: Any, wanted: tuple[str, ...]) -> Any:
    return {name: value for name, value in thing.items() if name in wanted}
