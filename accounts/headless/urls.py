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
from accounts.headless.endpoints import door


def _served(route: str, view: type[RESTView], **rules: bool) -> URLPattern:
    return path(f"app/v1/{route}", door(view, **rules), name=route)


app_name = "headless"
urlpatterns = [
    _served("config", ConfigView),
    _served("auth/session", account.SessionView, while_closing=True),
    _served("auth/login", account.LoginView),
    _served("auth/code/request", views.RequestLoginCode),
    _served("auth/code/resend", account.ResendLoginCodeView),
    _served("auth/code/confirm", account.ConfirmLoginCodeView),
    _served("auth/signup", views.Signup),
    _served("auth/email/verify", views.VerifyEmail),
    _served("auth/email/verify/resend", account.ResendEmailVerificationCodeView),
    _served("auth/password/request", account.RequestPasswordResetView),
    _served("auth/reauthenticate", account.ReauthenticateView, while_closing=True),
    _served("auth/2fa/authenticate", views.Authenticate),
    _served("auth/2fa/reauthenticate", views.ReauthenticateFactor, while_closing=True),
    _served("auth/webauthn/login", views.PasskeySignIn),
    _served("auth/webauthn/signup", views.PasskeySignup),
    _served("auth/webauthn/authenticate", mfa.AuthenticateWebAuthnView),
    _served("auth/webauthn/reauthenticate", mfa.ReauthenticateWebAuthnView, while_closing=True),
    _served("account/email", account.ManageEmailView),
    _served("account/password/change", views.ChangePassword),
    _served("account/authenticators", views.Factors),
    _served("account/authenticators/totp", views.App),
    _served("account/authenticators/recovery-codes", mfa.ManageRecoveryCodesView),
    _served("account/authenticators/webauthn", views.Keys),
    _served("tokens/refresh", RefreshTokenView, for_anybody=True),
    path("openapi.yaml", openapi.page, name="openapi_yaml"),
]
