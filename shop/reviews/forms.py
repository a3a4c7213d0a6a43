"""Form to write a review."""

from django import forms
from django.utils.translation import gettext_lazy as _


class WriteReviewForm(forms.Form):
    """A buyer's words."""

    rating = forms.TypedChoiceField(
        label=_("Rating"),
        coerce=int,
        choices=[
            (1, _("1, poor")),
            (2, _("2, not for me")),
            (3, _("3, fair")),
            (4, _("4, good")),
            (5, _("5, love it")),
        ],
        widget=forms.RadioSelect,
    )
    title = forms.CharField(label=_("Headline"), max_length=120, required=False)
    body = forms.CharField(label=_("Your review"), max_length=4000, required=False, widget=forms.Textarea)
