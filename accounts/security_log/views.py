"""The page about recent activity."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.security_log import timeline
from accounts.users.models import User
from core.web.http import PageRequest


@require_safe
@never_cache
@login_required
def activity(request: PageRequest) -> HttpResponse:
    """Account activity, newest first. One query beside the session's."""
    page = timeline.get_page(cast("User", request.user), cursor=request.GET.get("cursor", ""))
    return render(request, "accounts/activity.html", {"page": page, "steps": timeline.build_steps(page)})
