"""A person's own pages. Signing in and out, passwords and addresses are allauth's (`sign_in_urls`)."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts import factors
from accounts.forms import ProfileForm
from accounts.models import User
from accounts.services import people
from core import pictures
from core.context import Actor
from core.http import PageRequest
from core.media import UnusablePicture


@require_GET
@never_cache
@login_required
def overview(request: PageRequest) -> HttpResponse:
    """Who I am here, and what each part of the house has for me (slot account.overview)."""
    return render(request, "accounts/overview.html")


@require_GET
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


@require_http_methods(["GET", "POST"])
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
    """Save what was typed; False, with the reason on the form, when the picture cannot be used."""
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
    people.change_profile(user_id=user.pk, by=by, **changes)
    return True
