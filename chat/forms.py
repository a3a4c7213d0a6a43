"""Forms of the conversation."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from chat import protocol, queries
from chat.models import SupportCase
from core.ids import uuid7

Card = protocol.Card


class CardsField(forms.CharField):
    """`kind:id` pairs, separated by spaces."""

    def clean(self, value: Any) -> tuple[Card, ...]:
        pairs = (pair.partition(":") for pair in str(super().clean(value)).split())
        return tuple((kind, public_id) for kind, _colon, public_id in pairs if kind and public_id)


class MessageForm(forms.Form):
    """What is said. `client_id` is made with the form, so a form that is sent twice says it once."""

    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
    reply_to = forms.IntegerField(
        required=False, min_value=1, max_value=protocol.LARGEST_NUMBER, widget=forms.HiddenInput
    )
    cards = CardsField(required=False, max_length=400, widget=forms.HiddenInput)
    body = forms.CharField(
        label=_("Message"), required=False, max_length=protocol.LONGEST_BODY, strip=True, widget=forms.Textarea
    )


class StartForm(forms.Form):
    """The first words of a conversation with the house."""

    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
    body = forms.CharField(
        label=_("Your message"), max_length=protocol.LONGEST_BODY, widget=forms.Textarea(attrs={"rows": 5})
    )


class NewForm(StartForm):
    """The same, about nothing in particular."""

    title = forms.CharField(label=_("What is it about?"), max_length=120)
    field_order = ("client_id", "title", "body")


class EditForm(forms.Form):
    body = forms.CharField(
        label=_("Change the words"), max_length=protocol.LONGEST_BODY, widget=forms.Textarea(attrs={"rows": 3})
    )


class ReactionForm(forms.Form):
    emoji = forms.ChoiceField(choices=[(emoji, emoji) for emoji in protocol.REACTIONS])


class ReportForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why should somebody look at this?"),
        choices=[
            ("spam", _("It advertises something")),
            ("abuse", _("It hurts or threatens somebody")),
            ("private", _("It tells private things")),
            ("other", _("Something else")),
        ],
    )


class PlaceForm(forms.Form):
    """Coming, going, and being called."""

    verb = forms.ChoiceField(choices=[(verb, verb) for verb in ("join", "leave", "mute", "unmute")])


class CaseForm(forms.Form):
    """What an agent decides about a case. Fields that are not sent stay as they are."""

    assignee = forms.ModelChoiceField(
        label=_("Looked after by"),
        queryset=User.objects.none(),
        to_field_name="uid",
        required=False,
        empty_label=_("Nobody"),
    )
    priority = forms.TypedChoiceField(
        label=_("Priority"), choices=SupportCase.Priority.choices, coerce=int, required=False, empty_value=None
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        agents: Any = self.fields["assignee"]
        agents.queryset = queries.agents()
