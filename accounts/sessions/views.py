"""Pages about sessions."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.sessions import devices
from accounts.sessions import services as device_services
from accounts.sessions.models import Device
from accounts.users.models import User
from core.events.services import record
from core.keyset_pagination import keyset
from core.web.http import PageRequest, SeeOther


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def sessions(request: PageRequest) -> HttpResponse:
    """List active sessions, newest first; POST signs out everywhere else."""
    user = cast("User", request.user)
    if request.method == "POST":
        devices.end_others(request, user)
        record("user.ended_other_sessions", user, by=request.grant.actor)
        messages.success(request, _("You have been signed out everywhere else."))
        return SeeOther(reverse("accounts:sessions"))
    mine = Device.objects.filter(user=user).signed_in()
    page = keyset(mine, by=("-last_seen_at", "-id"), cursor=request.GET.get("cursor", ""))
    here = request.session.get(devices.DEVICE_KEY, "")
    return render(request, "accounts/sessions.html", {"page": page, "here": here})


@require_POST
@login_required
def end_session(request: PageRequest, uid: UUID) -> HttpResponse:
    """Sign out one session."""
    device_services.end_device_session(user_id=cast("User", request.user).pk, uid=uid, by=request.grant.actor)
    messages.success(request, _("That session has been signed out."))
    return SeeOther(reverse("accounts:sessions"))
