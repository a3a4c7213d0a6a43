"""Impersonations in the admin."""

from django.contrib import admin

from accounts.impersonation.models import Impersonation
from core.staff.read_only_admin import ReadOnlyAdmin


@admin.register(Impersonation)
class ImpersonationAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "by", "person", "reason", "expires_at", "ended_at", "ended_because")
    list_filter = ("ended_because",)
    list_select_related = ("by", "person")
    search_fields = ("=by__email", "=person__email", "reason")
    show_full_result_count = False
