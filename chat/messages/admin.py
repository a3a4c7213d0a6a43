"""Messages in the admin."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from chat.messages.models import Message
from chat.messages.services import changes
from chat.rooms.admin import OPEN_KINDS, _apply_to_each
from core.context import grant_of
from core.staff.read_only_admin import ReadOnlyAdmin


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Messages of public rooms and support conversations, read-only. Removal goes through the service."""

    list_display = ("beginning", "author", "room", "seq", "created_at", "deleted_at")
    list_filter = ("room__kind", "created_at")
    list_select_related = ("author", "room")
    search_fields = ("=uid", "=author__email")
    show_full_result_count = False
    change_form_template = "chat/admin/message.html"
    fields = ("uid", "room", "seq", "author", "body", "created_at", "edited_at", "deleted_at")
    actions = ("remove",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return Message.objects.filter(room__kind__in=OPEN_KINDS).select_related("room", "author")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Add earlier versions of the message, for moderators."""
        message = self.get_object(request, object_id)
        versions = message.edits.select_related("editor") if message is not None else []
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "versions": versions})

    @admin.display(description=_("text"))
    def beginning(self, message: Message) -> str:
        return Truncator(message.body).chars(80) or f"#{message.seq}"

    def has_remove_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("chat.moderate_room")

    @admin.action(description=_("Remove"), permissions=["remove"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        def verb(place: tuple[UUID, int]) -> None:
            changes.delete_message(room_uid=place[0], seq=place[1], by=grant_of(request).actor)

        _apply_to_each(self, request, queryset.values_list("room__uid", "seq"), verb)
