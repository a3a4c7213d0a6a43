"""Pages about connected apps, one's own OAuth apps, and device codes."""

from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.api_keys.views import PAGE_SIZE
from accounts.authentication import recent_authentication
from accounts.authentication.recent_authentication import recent_authentication_required
from accounts.oauth import queries as oauth_queries
from accounts.oauth.forms import ClientForm, DeviceForm
from accounts.oauth.services import clients, consents, device_codes
from accounts.oauth.validator import get_auth_time
from accounts.permissions import consent_policy, scopes
from accounts.sessions.models import ClientSession
from accounts.users.models import User
from core import rate_limits
from core.errors import DomainError
from core.forms import add_error
from core.keyset_pagination import keyset
from core.web.http import PageRequest, SeeOther

DEVICE_RATE = "10/minute"  # codes are short, so nobody tries many


@require_safe
@never_cache
@login_required
def consent_list(request: PageRequest) -> HttpResponse:
    """List the apps that may use one's account."""
    page = keyset(
        oauth_queries.get_consents(request.grant), by=("-id",), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE
    )
    rows = [(consent, [scopes.ALL_SCOPES.get(scope, scope) for scope in consent.scopes]) for consent in page.items]
    return render(request, "accounts/connected_apps.html", {"page": page, "rows": rows})


@require_POST
@never_cache
@login_required
def withdraw_consent(request: PageRequest, uid: UUID) -> HttpResponse:
    """Remove the access of an app. Requires no password, so that it is easy."""
    consent = get_object_or_404(oauth_queries.get_consents(request.grant), uid=uid)
    consents.withdraw_consent(consent_id=consent.pk, by=request.grant.actor)
    messages.success(request, _("“%(name)s” can no longer use your account.") % {"name": consent.client.name})
    return SeeOther(reverse("accounts:connected_apps"))


@require_safe
@never_cache
@login_required
def client_list(request: PageRequest) -> HttpResponse:
    """List one's own OAuth apps."""
    page = keyset(
        oauth_queries.get_clients(request.grant), by=("-id",), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE
    )
    return render(request, "accounts/clients.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@recent_authentication_required
def new_client(request: PageRequest) -> HttpResponse:
    """Register an OAuth app, and show its secret once."""
    form = ClientForm(request.POST or None)
    if form.is_valid():
        owner = cast("User", request.user)
        try:
            made = clients.add_client(owner_id=owner.pk, by=request.grant.actor, **form.get_arguments())
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            return render(request, "accounts/client_created.html", {"made": made})
    return render(request, "accounts/client_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@recent_authentication_required
def change_client(request: PageRequest, client_id: str) -> HttpResponse:
    """Edit one's own OAuth app."""
    client = get_object_or_404(oauth_queries.get_clients(request.grant), client_id=client_id)
    form = ClientForm(request.POST or None, client=client)
    if form.is_valid():
        try:
            clients.change_client(client_id=client.pk, by=request.grant.actor, **form.get_arguments())
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            messages.success(request, _("OAuth app saved."))
            return SeeOther(reverse("accounts:clients"))
    context = {"form": form, "client": client, "last_logout": ClientSession.get_last_notified(client)}
    return render(request, "accounts/client_form.html", context, status=422 if form.errors else 200)


@require_POST
@never_cache
@recent_authentication_required
def renew_secret(request: PageRequest, client_id: str) -> HttpResponse:
    """Replace the secret, and show the new one once."""
    client = get_object_or_404(oauth_queries.get_clients(request.grant), client_id=client_id)
    made = clients.renew_secret(client_id=client.pk, by=request.grant.actor)
    return render(request, "accounts/client_created.html", {"made": made})


@require_POST
@never_cache
@recent_authentication_required
def remove_client(request: PageRequest, client_id: str) -> HttpResponse:
    client = get_object_or_404(oauth_queries.get_clients(request.grant), client_id=client_id)
    clients.remove_client(client_id=client.pk, by=request.grant.actor)
    messages.success(request, _("The OAuth app “%(name)s” has been removed.") % {"name": client.name})
    return SeeOther(reverse("accounts:clients"))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def device(request: PageRequest) -> HttpResponse:
    """Enter the code of a device, see what the app requests, and allow or deny it."""
    form = DeviceForm(request.POST or None, initial={"user_code": request.GET.get("user_code", "")})
    if form.is_valid():
        rate_limits.require(DEVICE_RATE, "device-code", request.grant.actor.id, fail_closed=True)
        try:
            return _confirm_or_decide(request, form.cleaned_data["user_code"])
        except device_codes.NoSuchCode as refusal:
            add_error(form, refusal)
    return render(request, "oauth2_provider/device.html", {"form": form}, status=422 if form.errors else 200)


def _confirm_or_decide(request: PageRequest, user_code: str) -> HttpResponse:
    """Show the confirmation page, or store the decision. Raises NoSuchCode."""
    asked, client = device_codes.get_pending_device(user_code=user_code)
    user = cast("User", request.user)
    if consent_policy.get_sensitive_scopes(asked.scope.split(), user=user, client=client):
        recent_authentication.require(request)
    if "decision" in request.POST:
        allow = request.POST["decision"] == "allow"
        auth_time = datetime.fromtimestamp(get_auth_time(request), UTC)
        device_codes.decide(user_code=user_code, user=user, allow=allow, auth_time=auth_time, by=request.grant.actor)
        return render(request, "oauth2_provider/device_done.html", {"allow": allow})
    words = [scopes.ALL_SCOPES.get(scope, scope) for scope in asked.scope.split()]
    context = {"application": client, "words": words, "user_code": user_code}
    return render(request, "oauth2_provider/device_confirm.html", context)
