"""Support conversations in the admin."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _

from chat.messages import limits, log, queries
from chat.messages.forms import MessageForm
from chat.messages.services import messages as verbs
from chat.rooms.admin import MAX_MEMBERS_SHOWN, _apply_to_each
from chat.rooms.models import can_answer_support
from chat.support import services as cases
from chat.support.models import SupportCase
from core.context import grant_of
from core.errors import DomainError
from core.staff.read_only_admin import ReadOnlyAdmin


@admin.register(SupportCase)
class SupportCaseAdmin(ReadOnlyAdmin):
    """Support cases: assign, answer and close, with the services of the desk."""

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
        return can_answer_support(grant_of(request).actor)

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return can_answer_support(grant_of(request).actor)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.act)
        return [path("<int:pk>/<slug:verb>/act/", view, name="chat_supportcase_act"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        case = self.get_object(request, object_id)
        if case is not None and self.has_view_permission(request, case):
            said = queries.get_message_page(case.room, size=MAX_MEMBERS_SHOWN)
            shown = [log.build_message(message, grant_of(request).user) for message in said]
            extra_context = {**(extra_context or {}), "shown": shown, "reply_form": MessageForm(auto_id="reply_%s")}
        return super().change_view(request, object_id, form_url, extra_context)

    def act(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Handle the buttons of a case: reply, assign to me, close, reopen."""
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

    @admin.action(description=_("Assign to me"), permissions=["answer"])
    def take(self, request: HttpRequest, queryset: QuerySet[SupportCase]) -> None:
        by = grant_of(request).actor
        uids = queryset.values_list("room__uid", flat=True)
        _apply_to_each(self, request, uids, lambda uid: cases.assign_case(room_uid=uid, assignee=by.user, by=by))

    @admin.action(description=_("Close"), permissions=["answer"])
    def close(self, request: HttpRequest, queryset: QuerySet[SupportCase]) -> None:
        by = grant_of(request).actor
        uids = queryset.values_list("room__uid", flat=True)
        _apply_to_each(self, request, uids, lambda uid: cases.close_case(room_uid=uid, by=by))
