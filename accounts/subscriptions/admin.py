"""Subscriptions in the admin: list, end and export them."""

from collections.abc import Iterator
from typing import Final

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.subscriptions.models import Letter, Subscription
from accounts.subscriptions.services import subscriptions
from core import csv_export
from core.context import grant_of
from core.events import services as events
from core.staff.read_only_admin import ReadOnlyAdmin

COLUMNS: Final = ("email", "topic", "state", "source", "created_at", "confirmed_at", "ended_at")


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    list_display = ("email", "topic", "state", "source", "created_at", "confirmed_at", "ended_at")
    search_fields = ("=email", "=topic")
    show_full_result_count = False
    actions = ("end", "export")
    fields = ("email", "user", "topic", "state", "source", "created_at", "asked_at", "confirmed_at", "ended_at")
    list_filter = ("state", "source")

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_subscription")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.export_subscription")

    @admin.action(description=_("End"), permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        by = grant_of(request).actor
        ended = sum(
            subscriptions.unsubscribe(subscription_id=pk, by=by) for pk in queryset.values_list("pk", flat=True)
        )
        text = ngettext("%(count)d subscription ended.", "%(count)d subscriptions ended.", ended)
        self.message_user(request, text % {"count": ended}, messages.SUCCESS)

    @admin.action(description=_("Export as CSV"), permissions=["export"])
    def export(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> StreamingHttpResponse:
        """Export as CSV. Records who exported how many addresses."""
        events.record("subscription.exported", ("subscription", ""), by=grant_of(request).actor, count=queryset.count())
        response = StreamingHttpResponse(iterate_csv_lines(queryset), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = 'attachment; filename="subscriptions.csv"'
        return response


@admin.register(Letter)
class NotificationAdmin(ReadOnlyAdmin):
    """Notifications in the queue."""

    list_display = ("key", "subscription", "state", "attempts", "next_at", "done_at")
    list_filter = ("state",)
    list_select_related = ("subscription",)
    search_fields = ("=key", "=subscription__email")
    show_full_result_count = False


def iterate_csv_lines(queryset: QuerySet[Subscription]) -> Iterator[str]:
    """Yield a header and one line for each row."""
    return csv_export.lines(COLUMNS, queryset.order_by("pk").values_list(*COLUMNS).iterator())
