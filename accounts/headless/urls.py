"""What apps may call. Closed by default: allauth's other headless endpoints, and those yet to come, are not here.

Left out: `browser/*` (our own pages are for browsers, and another's page has no business with our cookies), `phone/*`
(we know no numbers), `provider/*` (a token that a provider gave to some program proves nothing to us: those buttons are
on the sign-in page, which an app opens in the system's browser), `password/reset` (the mail leads to our page) and
`2fa/trust` (a browser's).
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
