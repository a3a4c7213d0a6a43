"""A person's keys for programs."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.api_keys import queries as api_key_queries
from accounts.api_keys import services as api_keys
from accounts.api_keys.forms import ApiKeyForm
from accounts.authentication.recent_authentication import recent_authentication_required
from accounts.permissions import scopes
from accounts.users.models import User
from core.errors import DomainError
from core.forms import add_error
from core.keyset_pagination import keyset
from core.web.http import PageRequest, SeeOther

PAGE_SIZE = 24


@require_safe
@never_cache
@login_required
def key_list(request: PageRequest) -> HttpResponse:
    """One's keys, newest first."""
    page = keyset(
        api_key_queries.get_api_keys(request.grant), by=("-id",), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE
    )
    rows = [(key, [scopes.DESCRIPTIONS.get(scope, scope) for scope in key.scopes]) for key in page.items]
    return render(request, "accounts/api_keys.html", {"page": page, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@recent_authentication_required
def new_key(request: PageRequest) -> HttpResponse:
    """Make a key, and show it this once."""
    form = ApiKeyForm(request.POST or None)
    if form.is_valid():
        user, now = cast("User", request.user), timezone.now()
        try:
            made = api_keys.add_key(user_id=user.pk, by=request.grant.actor, now=now, **form.get_arguments(now))
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            return _render_token(request, made)
    return render(request, "accounts/api_key_new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@never_cache
@recent_authentication_required
def rotate_key(request: PageRequest, uid: UUID) -> HttpResponse:
    """Give a key a new secret, and show it this once."""
    key = get_object_or_404(api_key_queries.get_api_keys(request.grant), uid=uid)
    return _render_token(request, api_keys.rotate_key(key_id=key.pk, by=request.grant.actor), rotated=True)


@require_POST
@never_cache
@recent_authentication_required
def revoke_key(request: PageRequest, uid: UUID) -> HttpResponse:
    """End a key."""
    key = get_object_or_404(api_key_queries.get_api_keys(request.grant), uid=uid)
    api_keys.revoke_key(key_id=key.pk, by=request.grant.actor)
    messages.success(request, _("The API key “%(name)s” has been revoked.") % {"name": key.name})
    return SeeOther(reverse("accounts:api_keys"))


def _render_token(request: PageRequest, made: api_keys.ApiKeyWithToken, *, rotated: bool = False) -> HttpResponse:
    """No redirect: the key would have to wait somewhere for the next page."""
    return render(request, "accounts/api_key_created.html", {"made": made, "rotated": rotated})
