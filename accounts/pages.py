"""A person's own pages. Signing in and out, passwords and addresses are allauth's (`sign_in_urls`)."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import devices, factors, timeline
from accounts.forms import ProfileForm
from accounts.models import Device, User
from accounts.services import devices as device_services
from accounts.services import people
from core.content.services import pictures
from core.context import Actor
from core.events.services import record
from core.forms import add_error
from core.keyset_pagination import keyset
from core.media.images import UnusablePicture
from core.web.http import PageRequest, SeeOther


@require_safe
@never_cache
@login_required
def overview(request: PageRequest) -> HttpResponse:
    """Who I am here, and what each part of the house has for me (slot account.overview)."""
    return render(request, "accounts/overview.html")


@require_safe
@never_cache
@login_required
def security(request: PageRequest) -> HttpResponse:
    """With what I sign in. One query beside the session's.

    Whoever was led here to set a second factor up, and did, is free to go.
    """
    held = factors.factors_of(cast("User", request.user))
    if held.has_any:
        request.session.pop(factors.MISSING, None)
    is_missing = factors.MISSING in request.session
    return render(request, "accounts/security.html", {"factors": held, "is_missing": is_missing})


@require_safe
@never_cache
@login_required
def activity(request: PageRequest) -> HttpResponse:
    """What happened to my account, the newest first. One query beside the session's."""
    page = timeline.page_of(cast("User", request.user), cursor=request.GET.get("cursor", ""))
    return render(request, "accounts/activity.html", {"page": page, "steps": timeline.steps_of(page)})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def sessions(request: PageRequest) -> HttpResponse:
    """Where I am signed in, the newest first; a post signs out everywhere else."""
    user = cast("User", request.user)
    if request.method == "POST":
        devices.end_others(request, user)
        record("user.ended_other_sessions", user, by=request.grant.actor)
        messages.success(request, _("Everywhere else you are signed out."))
        return SeeOther(reverse("accounts:sessions"))
    mine = Device.objects.filter(user=user).signed_in()
    page = keyset(mine, by=("-last_seen_at", "-id"), cursor=request.GET.get("cursor", ""))
    here = request.session.get(devices.DEVICE, "")
    return render(request, "accounts/sessions.html", {"page": page, "here": here})


@require_POST
@login_required
def end_session(request: PageRequest, uid: UUID) -> HttpResponse:
    """Sign one browser of mine out."""
    device_services.end_device(user_id=cast("User", request.user).pk, uid=uid, by=request.grant.actor)
    messages.success(request, _("That browser is signed out."))
    return SeeOther(reverse("accounts:sessions"))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def profile(request: PageRequest) -> HttpResponse:
    """Name, words and picture."""
    user = cast("User", request.user)
    form = ProfileForm(request.POST or None, request.FILES or None, user=user)
    if form.is_valid() and _save_profile(form, user, request.grant.actor):
        messages.success(request, _("Your profile is saved."))
        return redirect("accounts:overview")
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200)


def _save_profile(form: ProfileForm, user: User, by: Actor) -> bool:
    """Save what was typed; False, with the reason on the form, when it cannot be."""
    given = form.cleaned_data
    changes: people.Profile = {"name": given["name"], "bio": given["bio"]}
    if given["picture"]:
        try:
            changes["avatar"] = pictures.add_picture(upload=given["picture"], by=by, decorative=True)
        except (UnusablePicture, pictures.NoRoomForPicture) as refusal:
            form.add_error("picture", refusal.detail)
            return False
    elif given.get("remove_picture"):
        changes["avatar"] = None
    try:
        people.change_profile(user_id=user.pk, by=by, **changes)
    except (people.InvalidName, people.InvalidBio) as refusal:
        add_error(form, refusal)
        return False
    return True
