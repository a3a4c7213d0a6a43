"""Forms of django-allauth with the project's labels."""

from typing import Any, cast
from uuid import uuid4

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.core import context
from django import forms
from django.contrib.auth.password_validation import MinimumLengthValidator, get_default_password_validators
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.authentication import login_checks, throttling
from accounts.authentication.services import attempts
from accounts.users.models import User
from core.ids import uuids

NEW_PASSWORD = gettext_lazy("New password")


def get_password_help_text() -> str:
    """Return advice on passwords with the minimum length of the validators."""
    rules = get_default_password_validators()
    length = max((rule.min_length for rule in rules if isinstance(rule, MinimumLengthValidator)), default=1)
    return _("At least %(length)d characters. A few unrelated words are easy to remember and hard to guess.") % {
        "length": length
    }


def _configure_field(field: forms.Field, label: Any, autocomplete: str, hint: Any = "") -> None:
    """Set label, help text and autocomplete; remove allauth's placeholder."""
    field.label, field.help_text = label, hint
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs["autocomplete"] = autocomplete
    if isinstance(field.widget, forms.PasswordInput):
        field.widget.template_name = "accounts/password_input.html"


def _configure_code_field(field: forms.Field) -> None:
    _configure_field(field, gettext_lazy("Code"), "one-time-code")
    field.widget.attrs |= {"autocapitalize": "characters", "spellcheck": "false"}


class LoginForm(allauth_forms.LoginForm):
    """Email address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_field(self.fields["login"], gettext_lazy("Email address"), "username webauthn")
        _configure_field(self.fields["password"], gettext_lazy("Password"), "current-password")


class UniformSignupMixin:
    """A sign-up that does not reveal whether an address is registered."""

    account_already_exists: bool
    cleaned_data: dict[str, Any]

    def clean(self) -> dict[str, Any]:
        """Raise NetworkBanned for a banned network, before any account is looked up."""
        get_adapter().require_free_network(context.request)
        return cast("dict[str, Any]", super().clean())  # type: ignore[misc]  # its form has it

    def try_save(self, request: HttpRequest) -> Any:
        """Create the account. For a registered address send an email instead, after the same work and with the same
        response.
        """
        if not self.account_already_exists:
            try:
                with transaction.atomic():
                    return super().try_save(request)  # type: ignore[misc]  # its form has it
            except IntegrityError:
                # Two sign-ups of one address at once: the second finds the account that the first made.
                self.account_already_exists = True
        self._work_as_much(request)
        return super().try_save(request)  # type: ignore[misc]

    def _work_as_much(self, request: HttpRequest) -> None:
        """Create and read a placeholder account, roll that back, and record the attempt.

        A test compares the writes, commits and password hashes with those of a new address.
        """
        adapter, address = get_adapter(), f"{uuid4().hex}@nobody.invalid"
        given, self.cleaned_data["email"] = self.cleaned_data["email"], address
        try:
            with transaction.atomic():
                inner = transaction.savepoint()
                nobody = adapter.save_user(request, adapter.new_user(request), self)
                nobody.emailaddress_set.exists()
                nobody.emailaddress_set.create(email=address, primary=True)
                login_checks.get_login_status(nobody)
                nobody.emailaddress_set.filter(verified=True).exists()
                list(nobody.emailaddress_set.all())
                transaction.savepoint_rollback(inner)
                # Writes what is there, so that there is something to commit.
                User.objects.filter(emailaddress__email=given).update(session_epoch=F("session_epoch"))
            attempts.record_repeated_signup(email=given)
        finally:
            self.cleaned_data["email"] = given


class SignupForm(UniformSignupMixin, allauth_forms.SignupForm):
    """Email address and a new password, entered once. Without a password for a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hint = gettext_lazy("We will send a code to confirm that it is yours.")
        _configure_field(self.fields["email"], gettext_lazy("Email address"), "username", hint)
        if not self.by_passkey:
            _configure_field(
                self.fields["password1"], gettext_lazy("Password"), "new-password", get_password_help_text()
            )


class SinglePasswordMixin:
    """New passwords are entered once."""

    fields: dict[str, forms.Field]

    def configure_passwords(self) -> None:
        del self.fields["password2"]
        _configure_field(self.fields["password1"], NEW_PASSWORD, "new-password", get_password_help_text())


class ChangePasswordForm(SinglePasswordMixin, allauth_forms.ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_field(self.fields["oldpassword"], gettext_lazy("Current password"), "current-password")
        self.configure_passwords()


class SetPasswordForm(SinglePasswordMixin, allauth_forms.SetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.configure_passwords()


class ResetPasswordKeyForm(SinglePasswordMixin, allauth_forms.ResetPasswordKeyForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.configure_passwords()


class ResetLinkForm(allauth_forms.UserTokenForm):
    """The user and key of a password reset link; the user is given by public id."""

    def _get_user(self, uidb36: str) -> User | None:
        return User.objects.filter(uid__in=uuids([uidb36])).first()


class ResetPasswordForm(allauth_forms.ResetPasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_field(self.fields["email"], gettext_lazy("Email address"), "username")


class AddEmailForm(allauth_forms.AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_field(self.fields["email"], gettext_lazy("New email address"), "email")


class ReauthenticateForm(allauth_forms.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_field(self.fields["password"], gettext_lazy("Password"), "current-password")


class CodeForm(allauth_forms.ConfirmEmailVerificationCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_code_field(self.fields["code"])


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_field(self.fields["email"], gettext_lazy("Email address"), "username")

    def clean_email(self) -> str:
        email = str(super().clean_email())
        if not throttling.can_send_code(context.request, email):
            raise get_adapter().validation_error("too_many_login_attempts")
        return email


class LoginCodeForm(allauth_forms.ConfirmLoginCodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _configure_code_field(self.fields["code"])
