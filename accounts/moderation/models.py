"""Moderation cases, reports, spam words and spam signals."""

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.bans.models import Reason
from core.content.models import Picture
from core.ids import uuid7


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> Self:
        return self.filter(state=Case.State.OPEN)

    def about(self, kind: str, subject_id: str) -> Self:
        return self.filter(kind=kind, subject_id=subject_id)

    def locked(self) -> Self:
        return self.select_for_update(of=("self",)).order_by("pk")


class Case(models.Model):
    """Content that staff should review, by kind and public id; at most one open case for each.

    `version` increases with each decision and each undo, and a decision names the version it is based on. `before` is
    the former state of the content, which an undo restores.
    """

    public_kind: ClassVar[str] = "case"

    class State(models.TextChoices):
        OPEN = "open", _("open")
        DECIDED = "decided", _("decided")

    class Act(models.TextChoices):
        APPROVE = "approve", _("approve")
        REFUSE = "refuse", _("remove")

    class Reason(models.TextChoices):
        """Reasons of a case: scored by `moderation.spam`, or holding content anyway."""

        REPORTED = "reported", _("reported")
        WAITS = "waits", _("awaiting approval")
        TRAP = "trap", _("filled the honeypot field")
        TOO_FAST = "too_fast", _("sent too fast")
        LINKS = "links", _("many links")
        WORDS = "words", _("spam words")
        RATE = "rate", _("many posts within an hour")
        DUPLICATE = "duplicate", _("duplicate text")
        NEW_ACCOUNT = "new_account", _("new or no account")
        LOUD = "loud", _("mostly capitals")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    subject_id = models.CharField(_("about"), max_length=80)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("author")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    score = models.PositiveSmallIntegerField(_("score"), default=0)
    reasons = ArrayField(models.CharField(max_length=40), default=list, verbose_name=_("reasons"))
    reports = models.PositiveIntegerField(_("reports"), default=0)
    version = models.PositiveIntegerField(default=1, editable=False)
    act = models.CharField(_("decision"), max_length=10, choices=Act, blank=True)
    words = models.CharField(_("why"), max_length=300, blank=True)
    before = models.CharField(max_length=40, blank=True, editable=False)
    opened_at = models.DateTimeField(_("opened at"), default=timezone.now, editable=False)
    decided_at = models.DateTimeField(_("decided at"), null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("by")
    )

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("moderate", _("Can decide cases in the moderation queue"))]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"], condition=Q(state="open"), name="moderation_one_open"
            ),
            models.CheckConstraint(condition=Q(state__in=["open", "decided"]), name="case_state"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at__isnull=True, act="")
                | (Q(state="decided", decided_at__isnull=False) & Q(act__in=["approve", "refuse"])),
                name="case_decided_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "id"], condition=Q(state="open"), name="moderation_queue"),
            models.Index(fields=["kind", "subject_id"], name="moderation_about"),
            models.Index(
                fields=["decided_by", "-decided_at"], condition=Q(state="decided"), name="moderation_decided_by"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject_id}"

    @property
    def public_id(self) -> str:
        return str(self.uid)

    @property
    def why(self) -> list[str]:
        """Labels of the reasons; the code for one that no longer exists."""
        known = dict(self.Reason.choices)
        return [str(known.get(code, code)) for code in self.reasons]


class Report(models.Model):
    """A report of content. `mark` is the digest of an anonymous visitor's network."""

    public_kind: ClassVar[str] = "report"

    class State(models.TextChoices):
        OPEN = "open", _("open")
        UPHELD = "upheld", _("content removed")
        DISMISSED = "dismissed", _("content approved")

    Reason = Reason

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    subject_id = models.CharField(_("about"), max_length=80)
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("reporter")
    )
    mark = models.CharField(_("mark"), max_length=64, blank=True, editable=False)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason)
    words = models.CharField(_("words"), max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    decided_case = models.ForeignKey(
        Case, models.SET_NULL, null=True, editable=False, related_name="answered", verbose_name=_("decided by case")
    )
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject_id", "reporter"],
                condition=Q(state="open", reporter__isnull=False),
                name="report_one_a_person",
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_id", "mark"],
                condition=Q(state="open", reporter__isnull=True) & ~Q(mark=""),
                name="report_one_a_network",
            ),
            models.CheckConstraint(condition=Q(state__in=["open", "upheld", "dismissed"]), name="report_state"),
            models.CheckConstraint(condition=Q(reason__in=["spam", "abuse", "private", "other"]), name="report_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject_id} {self.reason}"

    @property
    def public_id(self) -> str:
        return str(self.uid)


class SpamWord(models.Model):
    """A word or phrase that adds points to the spam score."""

    text = models.CharField(_("word or phrase"), max_length=80)
    points = models.PositiveSmallIntegerField(_("points"), default=30)

    class Meta:
        verbose_name = _("spam word")
        verbose_name_plural = _("spam words")
        ordering: ClassVar = ["text"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["text"], name="spam_word_once"),
            models.CheckConstraint(condition=Q(text=Lower("text")) & ~Q(text=""), name="spam_word_lower"),
            models.CheckConstraint(condition=Q(points__gte=1, points__lte=100), name="spam_word_points"),
        ]

    def __str__(self) -> str:
        return self.text


class KeptProfile(models.Model):
    """Profile content that staff removed, stored for 30 days so that it can be restored."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="kept_profile", verbose_name=_("person")
    )
    bio = models.TextField(_("about"), blank=True)
    avatar = models.ForeignKey(Picture, models.SET_NULL, null=True, blank=True, verbose_name=_("picture"))
    taken_at = models.DateTimeField(_("removed at"), default=timezone.now)

    class Meta:
        verbose_name = _("removed profile content")
        verbose_name_plural = _("removed profile contents")
        ordering: ClassVar = ["-taken_at"]
        indexes: ClassVar = [models.Index(fields=["taken_at"], name="kept_profile_at")]

    def __str__(self) -> str:
        return str(self.user)


class Trace(models.Model):
    """A spam signal: author, time and digest of a text, never the text."""

    digest = models.CharField(max_length=64, blank=True)
    author = models.CharField(
        max_length=64, help_text=_("UID of a person, or digest of an anonymous visitor's network.")
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("spam signal")
        verbose_name_plural = _("spam signals")
        indexes: ClassVar = [
            models.Index(fields=["author", "at"], name="trace_author"),
            models.Index(fields=["digest", "at"], condition=~Q(digest=""), name="trace_digest"),
            models.Index(fields=["at"], name="trace_at"),
        ]

    def __str__(self) -> str:
        return self.digest[:12]
