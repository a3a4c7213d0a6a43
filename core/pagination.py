"""Lists of the API are paged by key."""

from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from rest_framework import pagination
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


class KeysetPagination(pagination.CursorPagination):
    """Pages by key; `?page_size=` up to a cap. The view's `ordering`, or an allowed `?ordering=`, made unique by id."""

    page_size = 24
    max_page_size = 100
    page_size_query_param = "page_size"
    cursor_query_description = "Opaque; take it from `next` or `previous`."

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> tuple[str, ...]:
        self.ordering = getattr(view, "ordering", ("-id",))
        chosen = tuple(super().get_ordering(request, queryset, view))
        if chosen[-1].lstrip("-") in ("id", "pk"):
            return chosen
        return (*chosen, "-id" if chosen[-1].startswith("-") else "id")
