"""`?fields=`: of each thing in an answer only the named parts."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

PARAMETER = "fields"
# Parts of things lack what the schema requires of whole ones, so they are a kind of answer of their own.
CONTENT_TYPE = "application/vnd.agora.parts+json"


def asked_fields(request: Request, shape: type[serializers.BaseSerializer[Any]] | None) -> tuple[str, ...]:
    """The names in `?fields=`, each known; () when all are wanted. Raises ValidationError that names the unknown."""
    given = ",".join(request.query_params.getlist(PARAMETER))  # some generated clients repeat it instead
    if not given or shape is None:
        return ()
    wanted = tuple(dict.fromkeys(name.strip() for name in given.split(",")))
    known = field_names(shape)
    if unknown := [name for name in wanted if name not in known]:
        words = _("There is no field %(name)r.")
        raise ValidationError({PARAMETER: [words % {"name": name} for name in unknown]}, code="unknown_field")
    return wanted


def field_names(shape: type[serializers.BaseSerializer[Any]]) -> tuple[str, ...]:
    made = shape()
    return tuple(made.fields) if isinstance(made, serializers.Serializer) else ()


def content_type_of(renderer: BaseRenderer) -> str | None:
    """What an answer with chosen parts is; None where it is no other than the whole."""
    return CONTENT_TYPE if isinstance(renderer, JSONRenderer) else None


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
