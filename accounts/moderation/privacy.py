"""What the queue holds about people."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.bans.models import Ban
from accounts.moderation.models import Case, KeptProfile, Report, Trace
from accounts.moderation.services import profiles
from accounts.privacy import registry as privacy
from accounts.privacy.registry import DataCategory, DataHandler, FileCopy, Part, Person, Records, RetentionPolicy

CHUNK_SIZE = 500
REPORT_FIELDS = ("kind", "subject_id", "reason", "words", "state", "created_at")
BAN_FIELDS = ("scope", "reason", "until", "created_at", "ended_at")


def export(person: Person) -> Iterator[Part]:
    reported = Report.objects.filter(reporter=person.user).order_by("pk").values(*REPORT_FIELDS)
    yield Records("moderation/reports.json", _("What you reported."), reported.iterator(chunk_size=CHUNK_SIZE))
    banned = Ban.objects.filter(user=person.user).order_by("pk").values(*BAN_FIELDS)
    yield Records(
        "moderation/bans.json", _("Where you may not write, or might not."), banned.iterator(chunk_size=CHUNK_SIZE)
    )
    words = _("What staff took out of your profile.")
    for kept in KeptProfile.objects.filter(user=person.user).select_related("avatar"):
        yield Records("moderation/profile.json", words, [{"bio": kept.bio, "taken_at": kept.taken_at}])
        if kept.avatar is not None:
            yield FileCopy("moderation/picture.webp", words, kept.avatar.file)


def erase(person: Person, now: datetime) -> None:
    """Reports lose their reporter and their words; a ban stays with the account that has no name any more."""
    user = person.user
    profiles.purge_removed_content(user=user)
    Trace.objects.filter(author=user.public_id).delete()
    Report.objects.filter(reporter=user).update(reporter=None, words="")
    Case.objects.filter(author=user).update(author=None, words="")
    Case.objects.filter(decided_by=user).update(decided_by=None)
    Ban.objects.filter(user=user).update(words="")
    Ban.objects.filter(made_by=user).update(made_by=None)
    Ban.objects.filter(ended_by=user).update(ended_by=None)


privacy.register(
    "accounts.moderation",
    DataHandler(
        words=_("Reports and bans"),
        export=export,
        erase=erase,
        categories=(
            DataCategory(
                _("What you reported; your words are erased"),
                RetentionPolicy.NAMELESS,
                {"accounts.Report": "reporter mark words kind subject_id"},
                why=_("What was decided rests on it."),
                file="moderation/reports.json",
            ),
            DataCategory(
                _("What of yours staff looked at, and what you decided as staff"),
                RetentionPolicy.NAMELESS,
                {"accounts.Case": "author decided_by subject_id kind words before reasons"},
                why=_("It is the house's record of what staff decided."),
                not_exported=_("what became of it is with the thing itself"),
            ),
            DataCategory(
                _("That you may not write here, or might not; the words of staff are erased"),
                RetentionPolicy.NAMELESS,
                {"accounts.Ban": "user email_digest email_hint network words made_by ended_by"},
                why=_("Staff answer for whom they ban."),
                file="moderation/bans.json",
            ),
            DataCategory(
                _("What staff took out of your profile, for a month"),
                RetentionPolicy.ERASED,
                {"accounts.KeptProfile": "user bio avatar"},
                file="moderation/profile.json",
            ),
            DataCategory(
                _("That you wrote something, for a week"),
                RetentionPolicy.ERASED,
                {"accounts.Trace": "author digest"},
                not_exported=_("it holds digests of words, and no words"),
            ),
        ),
    ),
)
