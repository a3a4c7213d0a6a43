"""What an address can be asked. Anything else is refused: a misspelt filter would look like one that all pass."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from core.api import sparse_fields
from core.api.conditional import READS

ORDERING = OrderingFilter.ordering_param


class Negotiation(DefaultContentNegotiation):
    """Refuses an unknown `?format=` as every parameter's unknown value is."""

    def filter_renderers(self, renderers: Iterable[BaseRenderer], format: str) -> list[BaseRenderer]:  # noqa: A002
        offered = list(renderers)
        if found := [renderer for renderer in offered if renderer.format == format]:
            return found
        names = ", ".join(str(renderer.format) for renderer in offered)
        words = _("Choose one of: %(names)s.") % {"names": names}
        raise ValidationError({"format": [words]}, code="invalid_choice")


class Ordering(OrderingFilter):
    """`?ordering=` by the fields that the view names in `ordering_fields`, and by no others."""

    def remove_invalid_fields(self, queryset: QuerySet[Any], fields: Any, view: Any, request: Request) -> list[str]:
        allowed = orders_of(view)
        if unknown := [name for name in fields if name not in allowed]:
            words = _("Order by %(names)s.") % {"names": ", ".join(allowed)}
            raise ValidationError({ORDERING: [words] * len(unknown)}, code="unknown_ordering")
        return list(fields)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        allowed = orders_of(view)
        words = f"One or more of {', '.join(f'`{name}`' for name in allowed)}, separated by commas."
        schema = {"type": "string"}
        found = {"name": ORDERING, "required": False, "in": "query", "description": words, "schema": schema}
        return [found] if allowed else []


def orders_of(view: Any) -> list[str]:
    """What the view can be ordered by, each in both directions."""
    return [f"{sign}{name}" for name in view.ordering_fields for sign in ("", "-")]


def require_known(request: Request, view: Any) -> None:
    """Raises ValidationError that points at each parameter the running action does not take."""
    if unknown := sorted(request.query_params.keys() - known(view, reads=request.method in READS)):
        words = _("There is no such parameter here.")
        raise ValidationError({name: [words] for name in unknown}, code="unknown_parameter")


def known(view: Any, *, reads: bool) -> set[str]:
    """What the running action can be asked: as every read, as a list of pages and filters, and what it names."""
    if not reads:
        return {"format", *view.write_parameters}
    names = {sparse_fields.PARAMETER, "format", *view.parameters}
    paginator = getattr(view, "paginator", None)
    if not view.gives_list() or paginator is None:
        return names
    names |= {paginator.cursor_query_param, paginator.page_size_query_param}
    if view.filter_backends:
        names |= set(filters_of(view)) | ({ORDERING} if view.ordering_fields else set())
    return names


def filters_of(view: Any) -> Mapping[str, Any] | tuple[str, ...]:
    chosen = getattr(view, "filterset_class", None)
    return chosen.base_filters if chosen else tuple(getattr(view, "filterset_fields", None) or ())
