"""Inputs of apps, validated by the project's forms; allauth's own inputs ignore the forms of the settings."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.userkit import user_email
from allauth.headless.account import inputs as account
from allauth.headless.internal.restkit import inputs
from allauth.headless.mfa import inputs as mfa
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.authentication.forms import login
from accounts.authentication.forms import mfa as factor_forms
from accounts.users.models import User

WEBAUTHN_AUTHENTICATORS = Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN)


class SignupInput(login.UniformSignupMixin, account.SignupInput):
    def clean(self) -> dict[str, Any]:
        """Reject a password similar to the address, as on the page; allauth validates it without the user."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if password := given.get("password"):
            somebody = User()
            user_email(somebody, given.get("email", ""))
            try:
                get_adapter().clean_password(password, user=somebody)
            except ValidationError as refusal:
                self.add_error("password", refusal)
        return given


class PasskeySignupInput(login.UniformSignupMixin, mfa.SignupWebAuthnInput):
    pass


class RequestLoginCodeInput(login.RequestLoginCodeForm, inputs.Input):
    pass


class AuthenticateInput(factor_forms.AuthenticateForm, inputs.Input):
    pass


class ReauthenticateFactorInput(factor_forms.ReauthenticateForm, inputs.Input):
    pass


class NewPasskeyInput(factor_forms.SignUpKeyForm, inputs.Input):
    pass


class AddKeyInput(factor_forms.AddKeyForm, inputs.Input):
    pass


class PasskeySignInInput(factor_forms.PasskeySignInForm, inputs.Input):
    pass


class _OwnKeysInput(inputs.Input):
    """Keys of the authenticated person, by credential id."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.mine = WEBAUTHN_AUTHENTICATORS.filter(user=user)

    def find(self, named: list[Any]) -> list[Authenticator]:
        """Return the named keys. Raises ValidationError when one does not exist."""
        wanted = {str(name) for name in named}
        askable = {name for name in wanted if "\0" not in name}  # which the database can be asked for
        found = list(self.mine.filter(data__credential__id__in=askable).order_by("pk"))
        if not wanted or len(found) != len(wanted):
            raise ValidationError(_("Unknown passkey or security key."), code="unknown_key")
        return found


class RenameKeyInput(_OwnKeysInput):
    id = inputs.CharField()
    name = inputs.CharField(max_length=factor_forms.MAX_NAME_LENGTH)

    def clean_id(self) -> Authenticator:
        return self.find([self.cleaned_data["id"]])[0]


class RemoveKeysInput(_OwnKeysInput):
    authenticators = inputs.Field()

    def clean_authenticators(self) -> list[Authenticator]:
        named = self.cleaned_data["authenticators"]
        return self.find(named if isinstance(named, list) else [named])
