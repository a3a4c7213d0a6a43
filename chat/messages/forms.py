"""Forms about messages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from chat.delivery import protocol
from core.ids import uuid7

Card = protocol.Card


class CardsField(forms.CharField):
    """`kind:id` pairs, separated by spaces."""

    def clean(self, value: Any) -> tuple[Card, ...]:
        pairs = (pair.partition(":") for pair in str(super().clean(value)).split())
        return tuple((kind, public_id) for kind, _colon, public_id in pairs if kind and public_id)


class BodyField(forms.CharField):
    """The text of a message. Line breaks count as one character, as in the browser, although it submits two.

    The field has no `maxlength`, because browsers silently cut pasted text. text-limit.js shows the limit while typing,
    and this field validates it.
    """

    def __init__(self, rows: int = 1, **kwargs: Any) -> None:
        super().__init__(max_length=protocol.MAX_BODY_LENGTH, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def to_python(self, value: Any) -> str:
        return str(super().to_python(str(value).replace("\r\n", "\n") if value else value))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}
        return attrs | get_limit_attrs()


def get_limit_attrs() -> dict[str, Any]:
    """Return the attributes that text-limit.js reads."""
    return {
        "data-limit": protocol.MAX_BODY_LENGTH,
        "data-near": _("{n} of {limit} characters"),
        "data-over": _("{n} characters, {over} too many. Shorten the text to send it."),
    }


class MessageForm(forms.Form):
    """A message. The form carries `client_id`, so that submitting it twice sends one message."""

    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
    reply_to = forms.IntegerField(required=False, min_value=1, max_value=protocol.MAX_INTEGER, widget=forms.HiddenInput)
    cards = CardsField(required=False, max_length=400, widget=forms.HiddenInput)
    body = BodyField(label=_("Message"), required=False)


class StartForm(forms.Form):
    """The first message of a support conversation."""

    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid7)
    body = BodyField(label=_("Your message"), rows=5)


class NewForm(StartForm):
    """The first message of a support conversation that has no subject."""

    title = forms.CharField(label=_("What is it about?"), max_length=120)
    field_order = ("client_id", "title", "body")


class EditForm(forms.Form):
    body = BodyField(label=_("Edit"), rows=3)


class ReactionForm(forms.Form):
    emoji = forms.ChoiceField(choices=[(emoji, emoji) for emoji in protocol.REACTIONS])


class ReportForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why are you reporting this message?"),
        choices=[
            ("spam", _("Spam or advertising")),
            ("abuse", _("Harassment or threats")),
            ("private", _("Private information")),
            ("other", _("Something else")),
        ],
    )


class MembershipForm(forms.Form):
    """Join, leave or mute a room."""

    verb = forms.ChoiceField(choices=[(verb, verb) for verb in ("join", "leave", "mute", "unmute")])
