"""Forms to subscribe."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.validation.email_addresses import EmailField


class SubscribeForm(forms.Form):
    """An email address for a topic. `website` is a honeypot field."""

    email = EmailField(
        label=_("Email"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr"})
    )
    topic = forms.CharField(max_length=120, widget=forms.HiddenInput, initial="newsletter")
    source = forms.SlugField(max_length=20, widget=forms.HiddenInput, required=False, initial="page")
    website = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)


class TopicForm(forms.Form):
    """A topic to subscribe to, for signed-in people."""

    topic = forms.CharField(max_length=120)
