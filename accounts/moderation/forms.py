"""Reporting, deciding, banning."""

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

BAN_DURATIONS: Final = {"1": _("a day"), "7": _("a week"), "30": _("30 days"), "": _("until it is ended")}


class ReportForm(forms.Form):
    """Why staff should look. `website` is a trap: people do not see it."""

    reason = forms.ChoiceField(label=_("What is wrong?"), choices=Report.Reason.choices, widget=forms.RadioSelect)
    words = forms.CharField(
        label=_("Is there more to say?"),
        required=False,
        max_length=MAX_REPORT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class DecisionForm(forms.Form):
    """What a post of the queue asks for: cases as `uid:version`, ticked ones or the one whose button was pressed."""

    act = forms.ChoiceField(choices=[*Case.Act.choices, ("undo", "undo")])
    words = forms.CharField(required=False, max_length=300)

    def get_cases(self) -> list[tuple[UUID, int]]:
        """Raises ValueError for what is no list of cases."""
        ticked = cast("QueryDict", self.data).getlist("case")
        pairs = [given.partition(":") for given in ticked]
        return [(UUID(uid), int(version)) for uid, _colon, version in pairs]


class BanForm(forms.Form):
    """Who may not write, where, for how long and why."""

    email = EmailField(label=_("E-mail address"), required=False, max_length=254)
    network = forms.CharField(
        label=_("Or a network"),
        required=False,
        max_length=43,
        help_text=_(
            "An address or a network, such as 203.0.113.0/24. Banned from the whole house, nobody but staff signs in "
            "or makes an account from there."
        ),
        widget=forms.TextInput(attrs={"dir": "ltr", "spellcheck": "false"}),
    )
    scope = forms.ChoiceField(label=_("May not write in"), choices=Ban.Scope.choices, initial=Ban.Scope.COMMENT)
    days = forms.ChoiceField(label=_("For"), choices=list(BAN_DURATIONS.items()), initial="7", required=False)
    reason = forms.ChoiceField(label=_("Because"), choices=Report.Reason.choices)
    words = forms.CharField(
        label=_("For staff to know"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )

    def get_arguments(self, now: datetime) -> dict[str, Any]:
        """What `bans.ban` asks for."""
        given = self.cleaned_data
        names = ("email", "network", "scope", "reason", "words")
        until = now + timedelta(days=int(given["days"])) if given["days"] else None
        return {**{name: given[name] for name in names}, "until": until}
