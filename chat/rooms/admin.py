"""Rooms in the admin."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chat.rooms.models import Room
from chat.rooms.services import rooms
from core import constraints
from core.context import grant_of
from core.errors import DomainError
from core.staff.edit_admin import EditAdmin

OPEN_KINDS = (Room.Kind.PUBLIC, Room.Kind.SUPPORT)
MAX_MEMBERS_SHOWN = 30

constraints.register(
    {
        "room_kind": ("title", _("Choose a kind from the list.")),
        "room_slug_is_public": ("slug", _("Only public rooms have a slug. Leave it empty.")),
        "room_customer": ("title", _("Only a support conversation has a customer.")),
        "room_dm_key": ("title", _("Only a direct room can have a pair of members.")),
        "room_subject_whole": ("title", _("Enter both the kind and the ID of the subject, or neither.")),
        "room_counters": ("title", _("Message counters cannot be negative.")),
        "room_one_public_about": ("title", _("A public room about this already exists.")),
        "room_one_support_about": ("title", _("This customer already has a conversation about this.")),
    }
)


class RoomForm(forms.ModelForm):
    """Editable fields of a public room."""

    class Meta:
        model = Room
        fields = ("title", "slug", "topic")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = self.fields["slug"].required = True


@admin.register(Room)
class RoomAdmin(EditAdmin):
    """Public rooms. Changes go through the services."""

    form = RoomForm
    list_display = ("title", "slug", "last_seq", "last_message_at", "archived_at")
    list_filter = ("archived_at",)
    search_fields = ("title", "topic", "=slug")
    prepopulated_fields: ClassVar = {"slug": ("title",)}
    show_full_result_count = False
    actions = ("archive", "reopen")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Room]:
        return Room.objects.filter(kind=Room.Kind.PUBLIC).order_by("-last_message_at", "-pk")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Room, form: Any, change: bool) -> None:
        by, given = grant_of(request).actor, form.cleaned_data
        if change:
            rooms.change_room(room_uid=obj.uid, by=by, **given)
        else:
            obj.pk = rooms.create_room(by=by, **given).pk

    @admin.action(description=_("Close for new messages"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        self._archive(request, queryset, archived=True)

    @admin.action(description=_("Reopen"), permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        self._archive(request, queryset, archived=False)

    def _archive(self, request: HttpRequest, queryset: QuerySet[Room], *, archived: bool) -> None:
        def verb(uid: UUID) -> None:
            rooms.archive_room(room_uid=uid, archived=archived, by=grant_of(request).actor)

        _apply_to_each(self, request, queryset.values_list("uid", flat=True), verb)


def _apply_to_each(
    admin_of: ModelAdmin, request: HttpRequest, things: Iterable[Any], verb: Callable[[Any], object]
) -> None:
    """Apply an action to each room and report the results. A refusal does not stop the others."""
    done, refusals = 0, set()
    for thing in list(things):
        try:
            verb(thing)
        except DomainError as refusal:
            refusals.add(refusal.detail)
        else:
            done += 1
    text = ngettext("Done for %(count)d.", "Done for %(count)d.", done) % {"count": done}
    admin_of.message_user(request, text, messages.SUCCESS if done else messages.WARNING)
    for detail in sorted(refusals):
        admin_of.message_user(request, detail, messages.ERROR)
