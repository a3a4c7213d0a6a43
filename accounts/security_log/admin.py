"""The security log in the admin, with filters and CSV export."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from accounts.authentication import recent_authentication
from accounts.security_log import queries
from accounts.security_log.forms import SecurityLogForm
from accounts.sessions import devices
from core import csv_export
from core.context import grant_of
from core.events import catalogue
from core.events import services as events
from core.events.models import EventOrigin
from core.keyset_pagination import keyset
from core.staff.history import facts
from core.staff.read_only_admin import ReadOnlyAdmin

PAGE_SIZE = 50
CHUNK_SIZE = 500
COLUMNS = (
    "id",
    "at",
    "action",
    "subject_kind",
    "subject",
    "actor_kind",
    "actor",
    "impersonator",
    "address",
    "agent",
    "details",
)


@admin.register(EventOrigin)
class SecurityLogAdmin(ReadOnlyAdmin):
    """A keyset-paginated list without a count, because the log only grows."""

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.has_perm("core.view_security_log")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        export = path("export/", self.admin_site.admin_view(self.export), name="core_eventorigin_export")
        return [export, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show a page of entries. Two queries beside the session's, three with an email address."""
        form = self._get_form(request)
        shown = queries.get_entries(form.get_filters()) if form.is_valid() else EventOrigin.objects.none()
        page = keyset(shown, by=("-at", "-event_id"), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Security log"),
            "opts": self.opts,
            "form": form,
            "page": page,
            "rows": list(_build_rows(page)),
            "asked": request.GET.urlencode(),
        }
        return render(request, "admin/security_log.html", context, status=422 if form.errors else 200)

    def export(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """Stream the entries as CSV. Records security_log.exported."""
        form = self._get_form(request)
        recent_authentication.require(request)
        if not form.is_valid():
            return HttpResponse(str(form.errors.as_text()), status=422, content_type="text/plain")
        asked = sorted(name for name, value in form.cleaned_data.items() if value)
        events.record("security_log.exported", ("security_log", ""), by=grant_of(request).actor, asked=asked)
        lines = csv_export.lines(
            COLUMNS, _iterate_csv_rows(queries.get_entries(form.get_filters()).iterator(chunk_size=CHUNK_SIZE))
        )
        headers = {"Content-Disposition": 'attachment; filename="security-log.csv"'}
        return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)

    def _get_form(self, request: HttpRequest) -> SecurityLogForm:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return SecurityLogForm(request.GET)


def _build_rows(entries: Iterable[EventOrigin]) -> Iterator[dict[str, Any]]:
    """Yield rows for entries, with email addresses of people. One query."""
    shown = list(entries)
    names = queries.get_email_addresses(shown)
    for entry in shown:
        event = entry.event
        yield {
            "id": event.uid,
            "at": entry.at,
            "action": event.name,
            "details": facts(event.data),
            "words": queries.actions().get(catalogue.get_current_name(event.name), ""),
            "is_bad": catalogue.get_current_name(event.name) in queries.WARNINGS,
            "subject_kind": event.subject_kind,
            "subject": names.get(event.subject_id, event.subject_id),
            "actor_kind": event.actor_kind,
            "actor": names.get(event.actor_id, event.actor_id),
            "impersonator": names.get(event.impersonator_id, event.impersonator_id),
            "address": entry.address,
            "browser": devices.get_browser_name(entry.agent) if entry.agent else "",
            "agent": entry.agent,
        }


def _iterate_csv_rows(entries: Iterator[EventOrigin]) -> Iterator[list[Any]]:
    """Yield CSV rows, read in chunks."""
    while chunk := list(islice(entries, CHUNK_SIZE)):
        yield from ([row[name] for name in COLUMNS] for row in _build_rows(chunk))
