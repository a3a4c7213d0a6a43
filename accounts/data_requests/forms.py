"""Forms of a person's own data."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts.data_requests.services.deletions import EmailMismatch
from accounts.users.models import User
from core.validation.email_addresses import EmailField


class DeleteAccountForm(forms.Form):
    """One's address, typed: nobody closes an account by a slip of the hand."""

    email = EmailField(
        label=gettext_lazy("Your e-mail address"),
        help_text=gettext_lazy("Type it, so that nothing happens by accident."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._user = user

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"])
        if email != self._user.email:
            raise forms.ValidationError(EmailMismatch.message, code=EmailMismatch.code)
        return email
