"""Headless views that differ from allauth: inputs, the last two-factor method, keys by public id."""

from http import HTTPStatus
from typing import Any, ClassVar, cast

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from allauth.headless.account import views as account
from allauth.headless.base.response import APIResponse, ConflictResponse
from allauth.headless.base.views import AuthenticatedAPIView
from allauth.headless.internal.restkit.response import ErrorResponse
from allauth.headless.mfa import response as told
from allauth.headless.mfa import views as mfa
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from accounts.authentication import mfa as factors
from accounts.headless import forms as inputs
from accounts.users.models import User


class Signup(account.SignupView):
    input_class: ClassVar = {"POST": inputs.SignupInput}


class RequestLoginCode(account.RequestLoginCodeView):
    input_class = inputs.RequestLoginCodeInput


class VerifyEmail(account.VerifyEmailView):
    http_method_names: ClassVar = ["post"]  # to ask by GET would be to try codes out of turn

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return 409 for a right code when the account has the maximum number of addresses."""
        response: HttpResponse = super().post(request, *args, **kwargs)
        return ConflictResponse(request) if response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR else response


class ChangePassword(account.ChangePasswordView):
    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Require reauthentication of people without a password."""
        if not cast("User", request.user).has_usable_password():
            raise_if_reauthentication_required(request, app="allauth.account")
        response: HttpResponseBase = super().handle(request, *args, **kwargs)
        return response


class Authenticate(mfa.AuthenticateView):
    input_class = inputs.AuthenticateInput


class ReauthenticateFactor(mfa.ReauthenticateView):
    input_class = inputs.ReauthenticateFactorInput


class PasskeySignIn(mfa.LoginWebAuthnView):
    input_class: ClassVar = {"POST": inputs.PasskeySignInInput}


class PasskeySignup(mfa.SignupWebAuthnView):
    input_class: ClassVar = {"POST": inputs.PasskeySignupInput, "PUT": inputs.NewPasskeyInput}

    def handle(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Return 409 without a sign-up in progress; allauth would fail."""
        refused: HttpResponse | None = None if request.method == "POST" else self._require_stage()
        response: HttpResponseBase = refused or super().handle(request, *args, **kwargs)
        return response


class AuthenticatorsView(AuthenticatedAPIView):
    def get(self, request: HttpRequest) -> HttpResponse:
        """Return the two-factor methods of the person. One query."""
        rows = Authenticator.objects.filter(user=cast("User", request.user)).order_by("pk")
        return _respond(request, data=[serialize_authenticator(row) for row in rows])


class TotpView(mfa.ManageTOTPView):
    """The authenticator app."""

    def delete(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        row = self._get_authenticator()
        if row is not None and (refused := _refuse_last_method(request, [row])) is not None:
            return refused
        response: HttpResponse = super().delete(request, *args, **kwargs)
        return response


class SecurityKeysView(mfa.ManageWebAuthnView):
    """Passkeys and security keys."""

    input_class: ClassVar = {
        "POST": inputs.AddKeyInput,
        "PUT": inputs.RenameKeyInput,
        "DELETE": inputs.RemoveKeysInput,
    }

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        made, codes = mfa.webauthn_flows.add_authenticator(
            request, name=self.input.cleaned_data["name"], credential=self.input.cleaned_data["credential"]
        )
        return _respond(
            request, data=serialize_authenticator(made), meta={"recovery_codes_generated": codes is not None}
        )

    def put(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        row = self.input.cleaned_data["id"]
        mfa.webauthn_flows.rename_authenticator(request, row, self.input.cleaned_data["name"])
        return _respond(request, data=serialize_authenticator(row))

    def delete(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if (refused := _refuse_last_method(request, self.input.cleaned_data["authenticators"])) is not None:
            return refused
        response: HttpResponse = super().delete(request, *args, **kwargs)
        return response


def serialize_authenticator(row: Authenticator) -> dict[str, Any]:
    """Return a two-factor method for apps; a key has its credential id."""
    found: dict[str, Any] = told._authenticator_data(row)  # noqa: SLF001  its classes can do no other
    return {**found, "id": row.data["credential"]["id"]} if "id" in found else found


def _refuse_last_method(request: HttpRequest, leaving: list[Authenticator]) -> HttpResponse | None:
    """Return an error if the person's role requires two-factor authentication and no method would remain."""
    user = cast("User", request.user)
    staying = Authenticator.objects.filter(user=user).exclude(type=factors.RECOVERY_CODES)
    if (
        staying.exclude(pk__in=[row.pk for row in leaving]).exists()
        or not factors.roles_requiring_mfa(user.pk).exists()
    ):
        return None
    words = get_adapter().error_messages["cannot_delete_authenticator"]
    refusal = ValidationError(words, code="cannot_delete_authenticator")
    response: HttpResponse = ErrorResponse(request, status=HTTPStatus.CONFLICT, exception=refusal)
    return response


def _respond(request: HttpRequest, **parts: Any) -> HttpResponse:
    response: HttpResponse = APIResponse(request, **parts)
    return response
