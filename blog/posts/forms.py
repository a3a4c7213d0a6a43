"""Forms on the pages of the journal."""

from django import forms
from django.utils.translation import gettext_lazy as _

from core.forms import DateTimeField

# The format of <input type="datetime-local">.
DATETIME_FORMAT = "%Y-%m-%dT%H:%M"


class PublicationForm(forms.Form):
    """When to publish a post: now if left empty."""

    publish_at = DateTimeField(
        label=_("Publish at"),
        required=False,
        input_formats=[DATETIME_FORMAT, f"{DATETIME_FORMAT}:%S"],
        help_text=_("Leave empty to publish now. In the time zone of the site."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=DATETIME_FORMAT),
    )
