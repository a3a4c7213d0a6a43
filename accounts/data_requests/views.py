"""Pages to export data, delete the account and cancel the deletion."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication.recent_authentication import recent_authentication_required
from accounts.data_requests.forms import DeleteAccountForm
from accounts.data_requests.models import DataExport
from accounts.data_requests.pending_deletion import SESSION_KEY
from accounts.data_requests.services import deletions
from accounts.data_requests.services import exports as export_services
from accounts.privacy import registry as privacy
from accounts.users.models import User
from core.errors import DomainError
from core.forms import add_error
from core.keyset_pagination import keyset
from core.web.http import PageRequest, SeeOther


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@recent_authentication_required
def exports(request: PageRequest) -> HttpResponse:
    """List the exports, newest first; POST requests one."""
    user = cast("User", request.user)
    if request.method == "POST":
        try:
            export_services.request_export(user_id=user.pk, by=request.grant.actor)
        except DomainError as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, _("Your export is being prepared. We will email you when it is ready."))
        return SeeOther(reverse("accounts:exports"))
    mine = DataExport.objects.filter(user=user)
    page = keyset(mine, by=("-id",), cursor=request.GET.get("cursor", ""))
    return render(request, "accounts/exports.html", {"page": page, "handlers": privacy.get_handlers()})


@require_safe
@never_cache
@recent_authentication_required
def fetch_export(request: PageRequest, uid: UUID, secret: str) -> Any:
    """Download the file with the link of the email."""
    opened = export_services.open_export(uid=uid, secret=secret, viewer=cast("User", request.user))
    return FileResponse(opened, as_attachment=True, filename="your-data.zip", content_type="application/zip")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@recent_authentication_required
def delete_account(request: PageRequest) -> HttpResponse:
    """Show what happens to the data; POST schedules the deletion and signs the person out."""
    user = cast("User", request.user)
    if deletions.get_pending_deletion(user):
        return redirect("accounts:pending_deletion")
    form = DeleteAccountForm(request.POST or None, user=user)
    if form.is_valid():
        try:
            asked = deletions.request_deletion(user_id=user.pk, by=request.grant.actor)
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            logout(request)
            return render(request, "accounts/deletion_requested.html", {"closing": asked})
    values = {"form": form, "retention_groups": _group_by_retention(), "days": deletions.GRACE_PERIOD.days}
    return render(request, "accounts/delete_account.html", values, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def pending_deletion(request: PageRequest) -> HttpResponse:
    """The only page of an account scheduled for deletion; POST cancels the deletion."""
    user = cast("User", request.user)
    if request.method == "POST":
        try:
            deletions.cancel_deletion(user_id=user.pk, by=request.grant.actor)
        except deletions.DeletionAlreadyStarted as refusal:
            messages.error(request, refusal.detail)
            return SeeOther(reverse("accounts:pending_deletion"))
    running = deletions.get_pending_deletion(user)
    if running is None:
        request.session.pop(SESSION_KEY, None)
        if request.method == "POST":
            messages.success(request, _("Your account will not be deleted."))
        return SeeOther(reverse("accounts:overview"))
    return render(
        request, "accounts/pending_deletion.html", {"closing": running, "retention_groups": _group_by_retention()}
    )


def _group_by_retention() -> list[
    tuple[privacy.RetentionPolicy, list[tuple[privacy.Words, list[privacy.DataCategory]]]]
]:
    """Group data categories by retention policy and handler."""
    parts = privacy.get_handlers().values()
    return [
        (
            policy,
            [
                (handler.words, held)
                for handler in parts
                if (held := [category for category in handler.categories if category.retention == policy])
            ],
        )
        for policy in privacy.RetentionPolicy
    ]
