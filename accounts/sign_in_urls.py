"""URLs of django-allauth's pages.

Its views add a `site` to the context, which would replace the project's; it is removed. Keys are identified by
credential id.
"""

from functools import wraps
from typing import Any

from allauth.account.urls import urlpatterns as allauth_patterns
from allauth.mfa.base import views as factor_views
from allauth.mfa.recovery_codes import views as code_views
from allauth.mfa.totp import views as app_views
from allauth.mfa.webauthn import views as key_views
from django.http import HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache

from accounts.authentication import mfa_views
from accounts.authentication import views as authentication_views
from accounts.authentication.locks import View, serialize_session_posts, serialize_user_posts
from accounts.social.views import allow_provider_forms

SERIALIZED_VIEWS = {"account_confirm_login_code"}
PROVIDER_FORM_VIEWS = {"account_login", "account_signup"}


def _without_site(view: View) -> View:
    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        if isinstance(response, SimpleTemplateResponse) and response.context_data is not None:
            response.context_data.pop("site", None)
        return response

    return shown


def _wrap_view(pattern: URLPattern) -> View:
    """Return a view of django-allauth with the project's decorators."""
    view: View = pattern.callback
    if pattern.name in SERIALIZED_VIEWS:
        view = serialize_session_posts(view)
    if pattern.name in PROVIDER_FORM_VIEWS:
        view = allow_provider_forms(view)
    return _without_site(view)


def _page(route: str, view: View, name: str) -> URLPattern:
    return path(route, never_cache(_without_site(view)), name=name)


urlpatterns = [
    *(
        URLPattern(pattern.pattern, _wrap_view(pattern), pattern.default_args, pattern.name)
        for pattern in allauth_patterns
    ),
    path("security/", authentication_views.security, name="mfa_index"),
    path("security/", authentication_views.security, name="mfa_list_webauthn"),
    _page("two-factor/", factor_views.authenticate, "mfa_authenticate"),
    _page("two-factor/trust/", factor_views.trust, "mfa_trust"),
    _page("reauthenticate/code/", factor_views.reauthenticate, "mfa_reauthenticate"),
    _page("reauthenticate/key/", key_views.reauthenticate_webauthn, "mfa_reauthenticate_webauthn"),
    _page("security/authenticator-app/", app_views.activate_totp, "mfa_activate_totp"),
    _page("security/authenticator-app/remove/", serialize_user_posts(app_views.deactivate_totp), "mfa_deactivate_totp"),
    _page("security/recovery-codes/", code_views.view_recovery_codes, "mfa_view_recovery_codes"),
    _page("security/recovery-codes/new/", code_views.generate_recovery_codes, "mfa_generate_recovery_codes"),
    _page("signup/passkey/key/", key_views.signup_webauthn, "mfa_signup_webauthn"),
    _page("login/passkey/", key_views.login_webauthn, "mfa_login_webauthn"),
    _page("security/keys/add/", key_views.add_webauthn, "mfa_add_webauthn"),
    _page("security/keys/<str:credential>/", mfa_views.rename_key, "mfa_edit_webauthn"),
    _page("security/keys/<str:credential>/remove/", serialize_user_posts(mfa_views.remove_key), "mfa_remove_webauthn"),
]
