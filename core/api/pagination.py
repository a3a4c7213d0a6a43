"""Lists of the API are paged by key."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework import pagination
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from core.cursors import decode_cursor, encode_cursor

if TYPE_CHECKING:
    from rest_framework.views import APIView


class KeysetPagination(pagination.CursorPagination):
    """Pages by key; `?page_size=` up to a cap. The view's `ordering`, or an allowed `?ordering=`, made unique by id."""

    page_size = 24
    max_page_size = 100
    page_size_query_param = "page_size"
    page_size_query_description = "How many on a page; more than 100 gives 100."
    cursor_query_description = "Opaque; take it from `next` or `previous`."

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> tuple[str, ...]:
        self.ordering = getattr(view, "ordering", ("-id",))
        chosen = tuple(super().get_ordering(request, queryset, view))
        if chosen[-1].lstrip("-") in ("id", "pk"):
            return chosen
        return (*chosen, "-id" if chosen[-1].startswith("-") else "id")

    def get_page_size(self, request: Request) -> int:
        given = request.query_params.get(self.page_size_query_param, str(self.page_size))
        if not (given.isascii() and given.isdigit() and int(given[:9])):
            raise ValidationError({self.page_size_query_param: [_("Give a whole number from 1 on.")]})
        return min(int(given[:9]), self.max_page_size)

    def decode_cursor(self, request: Request) -> Any:
        """The place that a link of an earlier answer names. Raises BadCursor."""
        given = request.query_params.get(self.cursor_query_param)
        if not given:
            return None
        offset, is_reverse, position = decode_cursor(given, order=self._order())
        return pagination.Cursor(offset=offset, reverse=is_reverse, position=position)

    def encode_cursor(self, cursor: Any) -> str:
        encoded = encode_cursor([cursor.offset, cursor.reverse, cursor.position], order=self._order())
        return replace_query_param(str(self.base_url), self.cursor_query_param, encoded)

    def _order(self) -> str:
        return ",".join(("api", *self.ordering))

    def get_paginated_response(self, data: Any) -> Response:
        """The page, and its neighbours as links for those who do not read the body as JSON (RFC 8288)."""
        ways = {"next": self.get_next_link(), "prev": self.get_previous_link()}
        link = ", ".join(f'<{url}>; rel="{way}"' for way, url in ways.items() if url)
        page = {"next": ways["next"], "previous": ways["prev"], "results": data}
        return Response(page, headers={"Link": link} if link else None)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return page_schema(schema)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor, page_size = super().get_schema_operation_parameters(view)
        page_size["schema"] |= {"minimum": 1, "default": self.page_size}
        return [cursor, page_size]


class OnePage(pagination.BasePagination):
    """Describes lists that are short by nature: the view answers with `one_page` of them."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return page_schema(schema)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return []


def one_page(results: Any, **more: Any) -> dict[str, Any]:
    """A list that is whole as it is, in the form of every list; `more` is what it says beside that."""
    return {"next": None, "previous": None, "results": results, **more}


def page_schema(results: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
    neighbour = {"type": "string", "nullable": True, "format": "uri"}
    properties = {"next": neighbour, "previous": dict(neighbour), "results": results, **more}
    return {"type": "object", "required": list(properties), "properties": properties}
