"""The page about sign-in methods."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.authentication import mfa
from accounts.users.models import User
from core.web.http import PageRequest


@require_safe
@never_cache
@login_required
def security(request: PageRequest) -> HttpResponse:
    """Sign-in methods. One query beside the session's.

    Clears the requirement to set up two-factor authentication once there is a method.
    """
    held = mfa.get_mfa_methods(cast("User", request.user))
    if held.has_any:
        request.session.pop(mfa.MFA_MISSING_KEY, None)
    is_missing = mfa.MFA_MISSING_KEY in request.session
    return render(request, "accounts/security.html", {"factors": held, "is_missing": is_missing})
