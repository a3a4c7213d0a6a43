"""Personal data of moderation."""

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
    yield Records("moderation/bans.json", _("Bans of your account."), banned.iterator(chunk_size=CHUNK_SIZE))
    words = _("Profile content removed by staff.")
    for kept in KeptProfile.objects.filter(user=person.user).select_related("avatar"):
        yield Records("moderation/profile.json", words, [{"bio": kept.bio, "taken_at": kept.taken_at}])
        if kept.avatar is not None:
            yield FileCopy("moderation/picture.webp", words, kept.avatar.file)


def erase(person: Person, now: datetime) -> None:
    """Anonymise reports and bans; erase the rest."""
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
                _("Your reports; your messages are erased"),
                RetentionPolicy.NAMELESS,
                {"accounts.Report": "reporter mark words kind subject_id"},
                why=_("Decisions are based on them."),
                file="moderation/reports.json",
            ),
            DataCategory(
                _("Moderation cases about your content, and your decisions as staff"),
                RetentionPolicy.NAMELESS,
                {"accounts.Case": "author decided_by subject_id kind words before reasons"},
                why=_("Audit record of moderation decisions."),
                not_exported=_("the outcome is stored with the content"),
            ),
            DataCategory(
                _("Bans of your account; notes by staff are erased"),
                RetentionPolicy.NAMELESS,
                {"accounts.Ban": "user email_digest email_hint network words made_by ended_by"},
                why=_("Staff are accountable for bans."),
                file="moderation/bans.json",
            ),
            DataCategory(
                _("Profile content removed by staff, for 30 days"),
                RetentionPolicy.ERASED,
                {"accounts.KeptProfile": "user bio avatar"},
                file="moderation/profile.json",
            ),
            DataCategory(
                _("Spam signals of your posts, for 7 days"),
                RetentionPolicy.ERASED,
                {"accounts.Trace": "author digest"},
                not_exported=_("they contain only digests of the text"),
            ),
        ),
    ),
)
