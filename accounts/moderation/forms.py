"""Forms to report content, decide cases and create bans."""

from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.bans.models import Ban
from accounts.moderation.models import Case, Report
from accounts.moderation.services.reports import MAX_REPORT_LENGTH
from core.validation.email_addresses import EmailField

BAN_DURATIONS: Final = {"1": _("1 day"), "7": _("1 week"), "30": _("30 days"), "": _("Permanently")}


class ReportForm(forms.Form):
    """The reason of a report. `website` is a honeypot field."""

    reason = forms.ChoiceField(label=_("What is wrong?"), choices=Report.Reason.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("Details (optional)"),
        required=False,
        max_length=MAX_REPORT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DecisionForm(forms.Form):
    """Decisions of the queue. Cases are sent as `uid:version`."""

    act = forms.ChoiceField(choices=[*Case.Act.choices, ("undo", "undo")])
    words = forms.CharField(required=False, max_length=300)

    def get_cases(self) -> list[tuple[UUID, int]]:
        """Return the selected cases. Raises ValueError for malformed input."""
        ticked = cast("QueryDict", self.data).getlist("case")
        pairs = [given.partition(":") for given in ticked]
        return [(UUID(uid), int(version)) for uid, _colon, version in pairs]


class BanForm(forms.Form):
    """Form to create a ban."""

    email = EmailField(label=_("Email address"), required=False, max_length=254)
    network = forms.CharField(
        label=_("Or network"),
        required=False,
        max_length=43,
        help_text=_(
            "An IP address or network, such as 203.0.113.0/24. With a ban from the whole site, only staff can sign in "
            "or makes an account from there."
        ),
        widget=forms.TextInput(attrs={"dir": "ltr", "spellcheck": "false"}),
    )
    scope = forms.ChoiceField(label=_("Banned from"), choices=Ban.Scope.choices, initial=Ban.Scope.COMMENT)
    days = forms.ChoiceField(label=_("Duration"), choices=list(BAN_DURATIONS.items()), initial="7", required=False)
    reason = forms.ChoiceField(label=_("Reason"), choices=Report.Reason.choices)
    words = forms.CharField(
        label=_("Note for staff"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )

    def get_arguments(self, now: datetime) -> dict[str, Any]:
        """Return the arguments of `bans.ban`."""
        given = self.cleaned_data
        names = ("email", "network", "scope", "reason", "words")
        until = now + timedelta(days=int(given["days"])) if given["days"] else None
        return {**{name: given[name] for name in names}, "until": until}
