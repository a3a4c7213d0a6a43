"""Overview and profile of an account."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.users import services as people
from accounts.users.forms import ProfileForm
from accounts.users.models import User
from core.content.services import pictures
from core.context import Actor
from core.forms import add_error
from core.media.images import UnusablePicture
from core.web.http import PageRequest


@require_safe
@never_cache
@login_required
def overview(request: PageRequest) -> HttpResponse:
    """Overview of the account, with panels of other apps (slot account.overview)."""
    return render(request, "accounts/overview.html")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def profile(request: PageRequest) -> HttpResponse:
    """Edit name, bio and picture."""
    user = cast("User", request.user)
    form = ProfileForm(request.POST or None, request.FILES or None, user=user)
    if form.is_valid() and _save_profile(form, user, request.grant.actor):
        messages.success(request, _("Profile saved."))
        return redirect("accounts:overview")
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200)


def _save_profile(form: ProfileForm, user: User, by: Actor) -> bool:
    """Save the form; False, with an error on the form, when it is invalid."""
    given = form.cleaned_data
    changes: people.ProfileChanges = {"name": given["name"], "bio": given["bio"]}
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
