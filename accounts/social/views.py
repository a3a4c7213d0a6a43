"""Page of connected social accounts."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.internal.flows.connect import disconnect
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.authentication.locks import serialize_user_posts
from accounts.social.adapter import get_provider_origins
from accounts.social.forms import DisconnectForm
from core.web.http import SeeOther


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
@serialize_user_posts
def connections(request: HttpRequest) -> HttpResponse:
    """List connected accounts; POST disconnects one. One query beside the session's."""
    form = DisconnectForm(request.POST or None, request=request)
    if form.is_valid():
        disconnect(request, form.account)
        return SeeOther(reverse("socialaccount_connections"))
    held = [
        account.get_provider_account() for account in SocialAccount.objects.filter(user=request.user).order_by("pk")
    ]
    known = {"form": form, "held": held}
    return render(request, "socialaccount/connections.html", known, status=422 if form.errors else 200)


def allow_provider_forms(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Allow the forms of this page to redirect to providers: Chromium applies form-action to redirects."""

    @wraps(view)
    def allowed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if ways := get_adapter().list_providers(request):
            response._csp_update = {"form-action": get_provider_origins(ways)}  # type: ignore[attr-defined]  # noqa: SLF001  django-csp's way
        return response

    return allowed
