"""What happened, what is on its way, what died and can be sent again."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from core.events import services as events
from core.events.models import Event, EventDelivery
from core.staff.read_only_admin import ReadOnlyAdmin


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = (
        "at",
        "name",
        "subject_kind",
        "subject_id",
        "actor_kind",
        "actor_id",
        "impersonator_id",
        "dispatched_at",
    )
    list_filter = ("name", "subject_kind", "actor_kind")
    search_fields = ("=subject_id", "=actor_id", "=impersonator_id", "=request_id")
    show_full_result_count = False
    change_form_template = "admin/event.html"


@admin.register(EventDelivery)
class EventDeliveryAdmin(ReadOnlyAdmin):
    list_display = ("event_name", "subject", "handler", "state", "attempts", "next_at", "error")
    list_filter = ("state", "handler")
    list_select_related = ("event",)
    show_full_result_count = False
    actions = ("replay",)

    @admin.display(description=_("event"))
    def event_name(self, delivery: EventDelivery) -> str:
        return delivery.event.name

    @admin.display(description=_("subject"))
    def subject(self, delivery: EventDelivery) -> str:
        return f"{delivery.event.subject_kind}:{delivery.event.subject_id}"

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("core.change_eventdelivery")

    @admin.action(description=_("Send again"), permissions=["replay"])
    def replay(self, request: HttpRequest, queryset: QuerySet[EventDelivery]) -> None:
        dead = list(queryset.filter(state=EventDelivery.State.DEAD).values_list("pk", flat=True))
        for delivery_id in dead:
            events.replay(delivery_id)
        text = ngettext(
            "%(count)d delivery will be tried again.", "%(count)d deliveries will be tried again.", len(dead)
        )
        self.message_user(request, text % {"count": len(dead)}, messages.SUCCESS)
