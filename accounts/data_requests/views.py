"""A person's own data: fetch a copy, close the account, keep it after all."""

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

from accounts.authentication.recent_authentication import just_confirmed
from accounts.data_requests.forms import CloseForm
from accounts.data_requests.models import DataExport
from accounts.data_requests.pending_deletion import CLOSING
from accounts.data_requests.services import deletions as closings
from accounts.data_requests.services import exports as export_services
from accounts.privacy import registry as privacy
from accounts.users.models import User
from core.errors import DomainError
from core.forms import add_error
from core.keyset_pagination import keyset
from core.web.http import PageRequest, SeeOther


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@just_confirmed
def exports(request: PageRequest) -> HttpResponse:
    """The copies I asked for, newest first; a post asks for one."""
    user = cast("User", request.user)
    if request.method == "POST":
        try:
            export_services.request_export(user_id=user.pk, by=request.grant.actor)
        except DomainError as refusal:
            messages.error(request, refusal.detail)
        else:
            messages.success(request, _("The copy is being made. We write to you when it is ready."))
        return SeeOther(reverse("accounts:exports"))
    mine = DataExport.objects.filter(user=user)
    page = keyset(mine, by=("-id",), cursor=request.GET.get("cursor", ""))
    return render(request, "accounts/exports.html", {"page": page, "keepers": privacy.keepers()})


@require_safe
@never_cache
@just_confirmed
def fetch_export(request: PageRequest, uid: UUID, secret: str) -> Any:
    """The file, by the link of the mail."""
    opened = export_services.open_export(uid=uid, secret=secret, viewer=cast("User", request.user))
    return FileResponse(opened, as_attachment=True, filename="your-data.zip", content_type="application/zip")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@just_confirmed
def close(request: PageRequest) -> HttpResponse:
    """What becomes of everything, and the form that closes the account; who sent it is signed out."""
    user = cast("User", request.user)
    if closings.running_of(user):
        return redirect("accounts:closing")
    form = CloseForm(request.POST or None, user=user)
    if form.is_valid():
        try:
            asked = closings.request_closing(user_id=user.pk, by=request.grant.actor)
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            logout(request)
            return render(request, "accounts/closed.html", {"closing": asked})
    values = {"form": form, "fates": _fates(), "days": closings.GRACE.days}
    return render(request, "accounts/close.html", values, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def closing(request: PageRequest) -> HttpResponse:
    """Where whoever signs in to a closing account is led; a post keeps the account."""
    user = cast("User", request.user)
    if request.method == "POST":
        try:
            closings.cancel_closing(user_id=user.pk, by=request.grant.actor)
        except closings.TooLate as refusal:
            messages.error(request, refusal.detail)
            return SeeOther(reverse("accounts:closing"))
    running = closings.running_of(user)
    if running is None:
        request.session.pop(CLOSING, None)
        if request.method == "POST":
            messages.success(request, _("Your account stays."))
        return SeeOther(reverse("accounts:overview"))
    return render(request, "accounts/closing.html", {"closing": running, "fates": _fates()})


def _fates() -> list[tuple[privacy.Fate, list[tuple[privacy.Words, list[privacy.Holding]]]]]:
    """What becomes of what, by fate and by part of the house."""
    parts = privacy.keepers().values()
    return [
        (
            fate,
            [
                (keeper.words, held)
                for keeper in parts
                if (held := [holding for holding in keeper.holdings if holding.fate == fate])
            ],
        )
        for fate in privacy.Fate
    ]
