"""Entitlements in the admin."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.permissions.models import Entitlement
from accounts.permissions.services import entitlements
from core.context import grant_of
from core.staff.read_only_admin import ReadOnlyAdmin


@admin.register(Entitlement)
class EntitlementAdmin(ReadOnlyAdmin):
    """Entitlements are granted by purchases and can be ended here."""

    list_display = ("holder", "kind", "subject", "source_kind", "source_id", "since", "ended_at")
    list_filter = ("kind",)
    list_select_related = ("user",)
    search_fields = ("=user__email", "=email", "=subject", "=source_id")
    show_full_result_count = False
    actions = ("end",)

    @admin.display(description=_("holder"))
    def holder(self, entitlement: Entitlement) -> str:
        return entitlement.user.email if entitlement.user else entitlement.email

    def has_end_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.end_entitlement")

    @admin.action(description=_("End"), permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Entitlement]) -> None:
        by = grant_of(request).actor
        ended = sum(
            entitlements.end_entitlement(entitlement_id=pk, by=by) for pk in queryset.values_list("pk", flat=True)
        )
        text = ngettext("%(count)d entitlement ended.", "%(count)d entitlements ended.", ended)
        self.message_user(request, text % {"count": ended}, messages.SUCCESS)
