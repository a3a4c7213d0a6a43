"""The conversation in the admin: public rooms, what is said in the open, and the desk's cases.

Private, group and direct rooms are nobody's business here: their messages are not listed, whatever the permission.
"""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chat import limits, log, queries
from chat.forms import MessageForm
from chat.models import Message, Room, SupportCase, answers
from chat.services import cases, changes, rooms
from chat.services import messages as verbs
from core import constraints
from core.context import grant_of
from core.errors import DomainError
from core.staff.edit_admin import EditAdmin
from core.staff.read_only_admin import ReadOnlyAdmin

OPEN_KINDS = (Room.Kind.PUBLIC, Room.Kind.SUPPORT)
SHOWN = 30

constraints.register(
    {
        "room_kind": ("title", _("Choose the kind of the room from the list.")),
        "room_slug_is_public": ("slug", _("Only public rooms have an address. Leave it empty.")),
        "room_customer": ("title", _("Only a support conversation has a customer.")),
        "room_dm_key": ("title", _("Only a direct conversation is between two people.")),
        "room_subject_whole": ("title", _("Give the kind and the id of what the room is about, or neither.")),
        "room_counters": ("title", _("The numbers of the room's messages cannot be negative.")),
        "room_one_public_about": ("title", _("There is a public room about this already.")),
        "room_one_support_about": ("title", _("This customer has a conversation about this already.")),
    }
)


class RoomForm(forms.ModelForm):
    """What staff say of a public room."""

    class Meta:
        model = Room
        fields = ("title", "slug", "topic")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["title"].required = self.fields["slug"].required = True


@admin.register(Room)
class RoomAdmin(EditAdmin):
    """Public rooms: made, renamed and closed through the services."""

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

    @admin.action(description=_("Open again"), permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Room]) -> None:
        self._archive(request, queryset, archived=False)

    def _archive(self, request: HttpRequest, queryset: QuerySet[Room], *, archived: bool) -> None:
        def verb(uid: UUID) -> None:
            rooms.archive_room(room_uid=uid, archived=archived, by=grant_of(request).actor)

        _each(self, request, queryset.values_list("uid", flat=True), verb)


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """What was said in public rooms and to the house: read, and removed by the service."""

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
        """Adds what the message said before, for those who look into reports."""
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

        _each(self, request, queryset.values_list("room__uid", "seq"), verb)


@admin.register(SupportCase)
class SupportCaseAdmin(ReadOnlyAdmin):
    """The desk's cases: take, answer, close, by the same services as the desk."""

    list_display = ("room", "customer", "status", "priority", "assignee", "turn_at")
    list_filter = ("status", "priority")
    list_select_related = ("room__customer", "assignee")
    search_fields = ("room__title", "=room__subject_id", "=room__customer__email")
    show_full_result_count = False
    change_form_template = "chat/admin/case.html"
    fields = (
        "room",
        "customer",
        "status",
        "priority",
        "assignee",
        "opened_at",
        "turn_at",
        "first_reply_at",
        "closed_at",
    )
    readonly_fields = ("customer",)
    actions = ("take", "close")

    @admin.display(description=_("customer"))
    def customer(self, case: SupportCase) -> str:
        return str(case.room.customer or "")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return answers(grant_of(request).actor)

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return answers(grant_of(request).actor)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.act)
        return [path("<int:pk>/<slug:verb>/act/", view, name="chat_supportcase_act"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        case = self.get_object(request, object_id)
        if case is not None and self.has_view_permission(request, case):
            said = queries.page_of_messages(case.room, size=SHOWN)
            shown = [log.shown(message, grant_of(request).user) for message in said]
            extra_context = {**(extra_context or {}), "shown": shown, "reply_form": MessageForm(auto_id="reply_%s")}
        return super().change_view(request, object_id, form_url, extra_context)

    def act(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """The buttons of a case: reply, take, close, open again."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_answer_permission(request):
            raise PermissionDenied
        case = get_object_or_404(SupportCase.objects.select_related("room"), pk=pk)
        try:
            self._carry_out(request, case.room.uid, verb)
        except DomainError as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:chat_supportcase_change", args=[pk]))

    def _carry_out(self, request: HttpRequest, uid: UUID, verb: str) -> None:
        by = grant_of(request).actor
        match verb:
            case "reply":
                form = MessageForm(request.POST)
                if not form.is_valid():
                    raise verbs.EmptyMessage
                limits.require_send(by)
                body, client_id = form.cleaned_data["body"], form.cleaned_data["client_id"]
                verbs.send_message(room_uid=uid, body=body, client_id=client_id, by=by)
                self.message_user(request, _("Sent."), messages.SUCCESS)
            case "take":
                cases.assign_case(room_uid=uid, assignee=by.user, by=by)
            case "close":
                cases.close_case(room_uid=uid, by=by)
            case "reopen":
                cases.reopen_case(room_uid=uid, by=by)

    @admin.action(description=_("Take"), permissions=["answer"])
    def take(self, request: HttpRequest, queryset: QuerySet[SupportCase]) -> None:
        by = grant_of(request).actor
        uids = queryset.values_list("room__uid", flat=True)
        _each(self, request, uids, lambda uid: cases.assign_case(room_uid=uid, assignee=by.user, by=by))

    @admin.action(description=_("Close"), permissions=["answer"])
    def close(self, request: HttpRequest, queryset: QuerySet[SupportCase]) -> None:
        by = grant_of(request).actor
        uids = queryset.values_list("room__uid", flat=True)
        _each(self, request, uids, lambda uid: cases.close_case(room_uid=uid, by=by))


def _each(admin_of: ModelAdmin, request: HttpRequest, things: Iterable[Any], verb: Callable[[Any], object]) -> None:
    """Do it to each; one refusal does not keep the others from it. Say how it went."""
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
