"""Endpoints for apps. Closed by default: other headless endpoints of allauth are not served.

Not served: `browser/*` (our pages serve browsers), `phone/*` (there are no phone numbers), `provider/*` (a provider's
token for another app proves nothing here; an app opens the sign-in page in the system's browser), `password/reset` (the
email links to a page) and `2fa/trust` (for browsers).
"""

from allauth.headless.account import views as account
from allauth.headless.base.views import ConfigView
from allauth.headless.internal.restkit.views import RESTView
from allauth.headless.mfa import views as mfa
from allauth.headless.tokens.views import RefreshTokenView
from django.urls import URLPattern, path

from accounts.headless import openapi, views
from accounts.headless.endpoints import app_endpoint


def _endpoint(route: str, view: type[RESTView], **rules: bool) -> URLPattern:
    return path(f"app/v1/{route}", app_endpoint(view, **rules), name=route)


app_name = "headless"
urlpatterns = [
    _endpoint("config", ConfigView),
    _endpoint("auth/session", account.SessionView, while_closing=True),
    _endpoint("auth/login", account.LoginView),
    _endpoint("auth/code/request", views.RequestLoginCode),
    _endpoint("auth/code/resend", account.ResendLoginCodeView),
    _endpoint("auth/code/confirm", account.ConfirmLoginCodeView),
    _endpoint("auth/signup", views.Signup),
    _endpoint("auth/email/verify", views.VerifyEmail),
    _endpoint("auth/email/verify/resend", account.ResendEmailVerificationCodeView),
    _endpoint("auth/password/request", account.RequestPasswordResetView),
    _endpoint("auth/reauthenticate", account.ReauthenticateView, while_closing=True),
    _endpoint("auth/2fa/authenticate", views.Authenticate),
    _endpoint("auth/2fa/reauthenticate", views.ReauthenticateFactor, while_closing=True),
    _endpoint("auth/webauthn/login", views.PasskeySignIn),
    _endpoint("auth/webauthn/signup", views.PasskeySignup),
    _endpoint("auth/webauthn/authenticate", mfa.AuthenticateWebAuthnView),
    _endpoint("auth/webauthn/reauthenticate", mfa.ReauthenticateWebAuthnView, while_closing=True),
    _endpoint("account/email", account.ManageEmailView),
    _endpoint("account/password/change", views.ChangePassword),
    _endpoint("account/authenticators", views.AuthenticatorsView),
    _endpoint("account/authenticators/totp", views.TotpView),
    _endpoint("account/authenticators/recovery-codes", mfa.ManageRecoveryCodesView),
    _endpoint("account/authenticators/webauthn", views.SecurityKeysView),
    _endpoint("tokens/refresh", RefreshTokenView, for_anybody=True),
    path("openapi.yaml", openapi.schema_view, name="openapi_yaml"),
]
