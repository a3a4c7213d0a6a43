"""Form to delete an account."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from accounts.data_requests.services.deletions import EmailMismatch
from accounts.users.models import User
from core.validation.email_addresses import EmailField


class DeleteAccountForm(forms.Form):
    """The person enters their email address to confirm."""

    email = EmailField(
        label=gettext_lazy("Your email address"),
        help_text=gettext_lazy("Enter your email address to confirm."),
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
