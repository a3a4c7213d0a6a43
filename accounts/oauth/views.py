"""Endpoints of the OAuth provider, and the consent page."""

from collections.abc import Iterable
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider import views
from oauth2_provider.exceptions import InvalidOIDCClientError
from oauth2_provider.forms import AllowForm

from accounts.authentication import recent_authentication
from accounts.oauth.models import Client, DeviceGrant
from accounts.oauth.parameters import BoundedPageMixin, BoundedParametersMixin
from accounts.oauth.services import consents
from accounts.oauth.validator import DEVICE_GRANT, get_auth_time
from accounts.permissions import consent_policy
from accounts.users.models import User
from core import rate_limits
from core.context import Actor

FORM_CONTENT_TYPE = "application/x-www-form-urlencoded"
RATE = "120/minute"  # of one network, at the endpoints where secrets could be guessed


class Authorize(BoundedPageMixin, views.AuthorizationView):
    """The consent page, skipped after earlier consent. Respects `prompt` and `max_age`."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.GET = _without_parameter(request.GET, "approval_prompt")  # the toolkit's own way round the page
        prompt = request.GET.get("prompt", "").split()
        response: HttpResponseBase = super().get(request, *args, **kwargs)
        if not self._asks(response):
            return response
        if _exceeds_max_age(request):
            return self._answer("login_required") if "none" in prompt else self.handle_prompt_login()
        wanted = self.oauth2_data["scopes"]
        if self._needs_recent_sign_in(wanted, self.oauth2_data["application"]):
            if "none" in prompt:
                return self._answer("login_required")
            recent_authentication.require(request)
        agreed = consents.is_covered(
            user_id=cast("int", request.user.pk), client_id=self.oauth2_data["client_id"], scopes=wanted
        )
        if agreed and "consent" not in prompt:
            form = AllowForm({**self.get_initial(), "allow": True})
            return self._grant(form) if form.is_valid() else response
        if "none" in prompt:
            return self._answer("consent_required")
        return allow_form_redirect(response, self.oauth2_data["redirect_uri"])

    def _grant(self, form: AllowForm) -> HttpResponseBase:
        response: HttpResponseBase = super().form_valid(form)
        return response

    def form_valid(self, form: AllowForm) -> HttpResponseBase:
        """Store the decision. Consent is stored once the client's request is valid."""
        client = Client.objects.filter(client_id=form.cleaned_data["client_id"]).first()
        if client is not None and self._needs_recent_sign_in(form.cleaned_data["scope"].split(), client):
            recent_authentication.require(self.request)
        with transaction.atomic():
            response = self._grant(form)
            given = form.cleaned_data
            if given["allow"] and "code=" in response.headers.get("Location", ""):
                user: Any = self.request.user
                consents.give_consent(
                    user=user,
                    client=Client.objects.get(client_id=given["client_id"]),
                    scopes=given["scope"].split(),
                    by=Actor.person(user),
                )
        return response

    def handle_prompt_login(self) -> HttpResponseBase:
        """Require reauthentication of signed-in people."""
        if not self.request.user.is_authenticated:
            to_the_door: HttpResponseBase = super().handle_prompt_login()
            return to_the_door
        query = self.request.GET.copy()
        query.pop("max_age", None)
        query["prompt"] = " ".join(one for one in query.get("prompt", "").split() if one != "login")
        back = urlencode({"next": f"{self.request.path}?{query.urlencode()}"})
        return redirect(f"{reverse('account_reauthenticate')}?{back}")

    def redirect(self, redirect_to: str, application: Any) -> HttpResponseBase:
        """Add the issuer to every response (RFC 9207), including the toolkit's own."""
        if "iss" not in dict(parse_qsl(urlsplit(redirect_to).query)):
            joint = "&" if "?" in redirect_to else "?"
            redirect_to += joint + urlencode({"iss": settings.OAUTH2_PROVIDER["OIDC_ISS_ENDPOINT"]})
        if application is None:
            application = Client.objects.filter(client_id=self.request.GET.get("client_id", "")).first()
        response: HttpResponseBase = super().redirect(redirect_to, application)
        return response

    def _needs_recent_sign_in(self, scopes: Iterable[str], client: Client) -> bool:
        user = cast("User", self.request.user)
        wanted = consent_policy.get_sensitive_scopes(scopes, user=user, client=client)
        return bool(wanted) and recent_authentication.is_needed(self.request)

    def _asks(self, response: HttpResponseBase) -> bool:
        return isinstance(response, TemplateResponse) and "application" in (response.context_data or {})

    def _answer(self, error: str) -> HttpResponseBase:
        said = {"error": error} | ({"state": state} if (state := self.oauth2_data.get("state")) else {})
        target = self.oauth2_data["redirect_uri"]
        return self.redirect(
            target + ("&" if "?" in target else "?") + urlencode(said), self.oauth2_data["application"]
        )


class Token(BoundedParametersMixin, views.TokenView):
    """Exchange codes, refresh tokens, secrets and device codes for tokens: each once, in one transaction."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if refusal := check_rate_limit(request):
            return refusal
        with transaction.atomic():
            if request.POST.get("grant_type") == DEVICE_GRANT:
                return _device_token_response(self, request)
            response: HttpResponseBase = self.authorization_flow_token_response(request)
            return response


class Revoke(BoundedParametersMixin, views.RevokeTokenView):
    """RFC 7009: a client's own tokens only."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = check_rate_limit(request) or super().post(request, *args, **kwargs)
        return response


class DeviceAuthorization(BoundedParametersMixin, views.DeviceAuthorizationView):
    """RFC 8628, 3.1. Scopes are limited to those of the client."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if refusal := check_rate_limit(request):
            return refusal
        if request.content_type != FORM_CONTENT_TYPE:
            return self.refuse(request, _("Send the parameters as %(type)s.") % {"type": FORM_CONTENT_TYPE})
        client = Client.objects.filter(client_id=request.POST.get("client_id", "")).first()
        if client is not None and not set(request.POST.get("scope", "").split()) <= set(
            consent_policy.get_allowed_scopes(client)
        ):
            return JsonResponse({"error": "invalid_scope"}, status=400)
        response: HttpResponseBase = super().post(request, *args, **kwargs)
        return response


@method_decorator(csrf_exempt, name="dispatch")
class UserInfo(views.UserInfoView):
    """Accepts the token in the header only."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "access_token" in request.GET or "access_token" in request.POST:
            return JsonResponse({"error": "invalid_request"}, status=400)
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response


class Logout(BoundedPageMixin, views.RPInitiatedLogoutView):
    """RP-initiated logout: confirm, sign out, and redirect back to the client."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().get(request, *args, **kwargs)
        return allow_form_redirect(response, self.oidc_data.get("post_logout_redirect_uri") or "")

    def do_logout(self, application: Any = None, post_logout_redirect_uri: str | None = None, *rest: Any) -> Any:
        """Redirect to the home page without a redirect URI, whatever the scheme."""
        if not post_logout_redirect_uri:
            application, post_logout_redirect_uri = Client(), f"{settings.SITE_URL}/"
        return super().do_logout(application, post_logout_redirect_uri, *rest)

    def get_request_application(self, id_token: Any, client_id: str | None) -> Any:
        if client_id and not Client.objects.filter(client_id=client_id).exists():
            raise InvalidOIDCClientError
        return super().get_request_application(id_token, client_id)


def allow_form_redirect(response: HttpResponseBase, address: str) -> HttpResponseBase:
    """Allow the form of this page to redirect there: Chromium applies form-action to redirects."""
    parts = urlsplit(address)
    if parts.netloc:
        response._csp_update = {"form-action": [f"{parts.scheme}://{parts.netloc}"]}  # type: ignore[attr-defined]  # noqa: SLF001  django-csp's way
    return response


def check_rate_limit(request: HttpRequest) -> HttpResponse | None:
    """Count one more attempt of this network; return an error beyond the limit."""
    verdict = rate_limits.hit(RATE, "oauth", rate_limits.client_key(request))
    if verdict.allowed:
        return None
    return JsonResponse({"error": "slow_down"}, status=429, headers={"Retry-After": str(verdict.reset_after)})


def _without_parameter(query: QueryDict, name: str) -> Any:
    kept = query.copy()
    kept.pop(name, None)
    return kept


def _exceeds_max_age(request: HttpRequest) -> bool:
    given = request.GET.get("max_age", "")
    return given.isascii() and given.isdigit() and timezone.now().timestamp() - get_auth_time(request) > int(given[:9])


def _device_token_response(view: Token, request: HttpRequest) -> HttpResponseBase:
    """Return the state of a device's request (RFC 8628, 3.5), or `slow_down` when it polls too often."""
    code = request.POST.get("device_code", "")
    consents.lock_token_owner(DeviceGrant.objects.filter(device_code=code))
    device = DeviceGrant.objects.select_for_update(of=("self",)).filter(device_code=code).first() if code else None
    if device is None or device.client_id != _get_client_id(request, device):
        return JsonResponse({"error": "invalid_grant"}, status=400)
    if not rate_limits.hit(f"1/{max(1, device.interval - 1)} second", "device", str(device.pk)).allowed:
        return JsonResponse({"error": "slow_down"}, status=400)
    states = {DeviceGrant.AUTHORIZATION_PENDING: "authorization_pending", DeviceGrant.DENIED: "access_denied"}
    if device.is_expired():
        return JsonResponse({"error": "expired_token"}, status=400)
    if device.status in states:
        return JsonResponse({"error": states[device.status]}, status=400)
    response: HttpResponseBase = view.authorization_flow_token_response(request)
    return response


def _get_client_id(request: HttpRequest, device: DeviceGrant) -> str:
    """Return the client id of the body; the toolkit verifies a secret."""
    return request.POST.get("client_id") or device.client_id
