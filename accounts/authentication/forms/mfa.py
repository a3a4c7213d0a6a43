"""Forms of two-factor authentication with the project's labels."""

from typing import Any

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.webauthn import forms as key_forms
from allauth.mfa.webauthn.internal import auth
from django import forms
from django.core.cache import cache
from django.utils.translation import gettext_lazy
from fido2.utils import websafe_decode

from accounts.authentication import mfa
from accounts.users.models import User

MAX_NAME_LENGTH = 60
# A code of an app fits for its own half minute and one more on either side (MFA_TOTP_TOLERANCE).
CODE_VALID_SECONDS = 90


def _configure_code_field(field: forms.Field, label: Any) -> None:
    field.label = label
    field.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}


class _SingleUseCodeMixin:
    """A code of an authenticator app or a recovery code. Each code is accepted once."""

    user: User
    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_code_field(self.fields["code"], gettext_lazy("Code from your authenticator app, or a recovery code"))

    def clean_code(self) -> str:
        code = str(super().clean_code())  # type: ignore[misc]  # its form has it
        if not cache.add(f"factor-code:{self.user.pk}:{normalize_user_code(code)}", 1, CODE_VALID_SECONDS):
            raise get_adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_SingleUseCodeMixin, base_forms.AuthenticateForm):
    pass


class ReauthenticateForm(_SingleUseCodeMixin, base_forms.ReauthenticateForm):
    pass


class ActivateAppForm(totp_forms.ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_code_field(self.fields["code"], gettext_lazy("Code from the app"))


def _configure_name_field(field: forms.Field) -> None:
    field.label = gettext_lazy("Name")
    field.help_text = gettext_lazy("A name to recognise it by, such as “My phone”.")
    field.widget.attrs["maxlength"] = MAX_NAME_LENGTH


class _ParsableCredentialMixin:
    """Rejects a credential that cannot be parsed; allauth would raise an error."""

    cleaned_data: dict[str, Any]

    def clean_credential(self) -> Any:
        given = self.cleaned_data["credential"]
        try:
            auth.parse_registration_response(given)
        except (AttributeError, LookupError, ValueError):
            raise get_adapter().validation_error("incorrect_code") from None
        return given


class AddKeyForm(_ParsableCredentialMixin, key_forms.AddWebAuthnForm):
    """Form to add a passkey or a security key."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_name_field(self.fields["name"])
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].label = gettext_lazy("Use as a passkey (sign in without a password)")
        self.fields["passwordless"].help_text = gettext_lazy("Your device will ask for your fingerprint, face or PIN.")

    def clean_name(self) -> str:
        return str(super().clean_name())[:MAX_NAME_LENGTH]


class SignUpKeyForm(_ParsableCredentialMixin, key_forms.SignupWebAuthnForm):
    """Form for the passkey of a new account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_name_field(self.fields["name"])

    def clean_name(self) -> str:
        return str(super().clean_name())[:MAX_NAME_LENGTH]


class RenameKeyForm(key_forms.EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_name_field(self.fields["name"])

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"])[:MAX_NAME_LENGTH]


class PasskeySignInForm(key_forms.LoginWebAuthnForm):
    """Sign-in with a passkey, which identifies the person.

    Failures are not counted against that person: a forged response could lock them out.
    """

    def clean_credential(self) -> Authenticator:
        answer = self.cleaned_data["credential"]
        auth.parse_authentication_response(answer)
        user = _get_user_by_handle(answer)
        if user is None:
            raise get_adapter().validation_error("incorrect_code")
        return auth.complete_authentication(user, answer)


def _get_user_by_handle(answer: dict[str, Any]) -> User | None:
    handle = answer.get("response", {}).get("userHandle")
    try:
        return mfa.get_user_by_handle(websafe_decode(handle)) if handle else None
    except (TypeError, ValueError):
        return None
