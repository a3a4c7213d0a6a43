"""What all apps stand on: the event log, its deliveries, and the tables apps meet in."""

import re
from datetime import datetime
from typing import ClassVar, NamedTuple, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Case, F, Q, When
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from core.media import Image, Rendition


class EventQuerySet(models.QuerySet["Event"]):
    def undispatched(self) -> Self:
        return self.filter(dispatched_at__isnull=True)

    def about(self, kind: str, public_id: str) -> Self:
        """The timeline of one thing, oldest first."""
        return self.filter(subject_kind=kind, subject_id=public_id).order_by("id")


class Event(models.Model):
    """A thing that happened: written in the business transaction, the audit log and the outbox in one.

    `data` holds ids, amounts and states, never personal text. A trigger refuses changes of facts and deletion.
    """

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    at = models.DateTimeField(_("at"), default=timezone.now)
    name = models.CharField(_("name"), max_length=80)
    subject_kind = models.CharField(_("subject kind"), max_length=40)
    subject_id = models.CharField(_("subject"), max_length=80)
    actor_kind = models.CharField(_("actor kind"), max_length=20)
    actor_id = models.CharField(_("actor"), max_length=80, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    data = models.JSONField(_("data"), default=dict, encoder=DjangoJSONEncoder)
    quiet = models.BooleanField(_("quiet"), default=False, help_text=_("History that was loaded: nothing is sent."))
    dispatched_at = models.DateTimeField(_("dispatched at"), null=True, editable=False)

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(dispatched_at__isnull=True), name="event_undispatched"),
            models.Index(fields=["subject_kind", "subject_id", "id"], name="event_subject"),
            models.Index(fields=["actor_kind", "actor_id", "id"], name="event_actor"),
            models.Index(fields=["name", "id"], name="event_name"),
            BrinIndex(fields=["at"], name="event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.subject_kind}:{self.subject_id}"


class EventDelivery(models.Model):
    """One event on its way to one handler. The row is locked while an in-database handler runs and marked in the
    handler's own transaction, which is what makes the effect happen once.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("pending")
        DONE = "done", _("done")
        DEAD = "dead", _("dead")

    event = models.ForeignKey(Event, models.CASCADE, related_name="deliveries", verbose_name=_("event"))
    handler = models.CharField(_("handler"), max_length=200)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    done_at = models.DateTimeField(_("done at"), null=True)
    error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("event delivery")
        verbose_name_plural = _("event deliveries")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["event", "handler"], name="delivery_once"),
            models.CheckConstraint(condition=Q(state__in=["pending", "done", "dead"]), name="delivery_state"),
            models.CheckConstraint(condition=Q(state="done") ^ Q(done_at__isnull=True), name="delivery_done_at"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["next_at"], condition=Q(state="pending"), name="delivery_pending"),
            models.Index(fields=["id"], condition=Q(state="dead"), name="delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} → {self.handler}"


class IdempotencyKey(models.Model):
    """The stored answer to a request that must not happen twice."""

    principal = models.CharField(_("principal"), max_length=120)
    key = models.CharField(_("key"), max_length=255)
    fingerprint = models.CharField(_("fingerprint"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"))
    body = models.JSONField(_("body"), encoder=DjangoJSONEncoder, null=True)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints: ClassVar = [models.UniqueConstraint(fields=["principal", "key"], name="idempotency_key_once")]

    def __str__(self) -> str:
        return f"{self.principal} {self.key}"


class Reference(models.Model):
    """One thing names another: a post names a product. Written by the source's services in their transaction."""

    source_kind = models.CharField(_("source kind"), max_length=40)
    source_id = models.CharField(_("source"), max_length=80)
    target_kind = models.CharField(_("target kind"), max_length=40)
    target_id = models.CharField(_("target"), max_length=80)
    position = models.PositiveIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("reference")
        verbose_name_plural = _("references")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source_kind", "source_id", "target_kind", "target_id"], name="reference_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["target_kind", "target_id", "source_kind", "-id"], name="reference_target")
        ]

    def __str__(self) -> str:
        return f"{self.source_kind}:{self.source_id} → {self.target_kind}:{self.target_id}"


class SearchDocument(models.Model):
    """What search knows of one thing. `audience` lists who may find it: a viewer needs one of these tokens."""

    kind = models.CharField(_("kind"), max_length=40)
    public_id = models.CharField(_("public id"), max_length=80)
    title = models.CharField(_("title"), max_length=300)
    summary = models.TextField(_("summary"), blank=True)
    body = models.TextField(_("body"), blank=True)
    url = models.CharField(_("address"), max_length=300)
    weight = models.FloatField(_("weight"), default=0, help_text=_("Popularity: breaks ties and chooses candidates."))
    language = models.CharField(_("language"), max_length=10, default="en")
    audience = ArrayField(models.CharField(max_length=80), verbose_name=_("audience"), default=list)
    at = models.DateTimeField(_("date"), default=timezone.now)
    vector = models.GeneratedField(
        expression=Case(
            When(
                language="en",
                then=SearchVector("title", weight="A", config="english")
                + SearchVector("summary", weight="B", config="english")
                + SearchVector("body", weight="D", config="english"),
            ),
            default=SearchVector("title", weight="A", config="simple")
            + SearchVector("summary", weight="B", config="simple")
            + SearchVector("body", weight="D", config="simple"),
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("search document")
        verbose_name_plural = _("search documents")
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "public_id"], name="search_document_once")]
        indexes: ClassVar = [
            GinIndex(fields=["vector"], name="search_vector"),
            models.Index(F("weight").desc(), F("id").desc(), name="search_weight"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.public_id}"


def picture_name(picture: "Picture", filename: str) -> str:
    return f"pictures/{picture.uid.hex[-2:]}/{picture.uid.hex}.webp"


class Picture(models.Model):
    """A picture that any app may show. Either it has words for those who cannot see it, or it is decoration."""

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    file = models.FileField(_("file"), upload_to=picture_name)
    width = models.PositiveIntegerField(_("width"), editable=False)
    height = models.PositiveIntegerField(_("height"), editable=False)
    color = models.CharField(_("colour"), max_length=7, editable=False)
    digest = models.CharField(_("digest"), max_length=64, db_index=True, editable=False)
    alt = models.CharField(
        _("alternative text"),
        max_length=400,
        blank=True,
        help_text=_("What the picture shows, for those who cannot see it."),
    )
    decorative = models.BooleanField(_("decorative"), default=False)
    renditions = models.JSONField(_("renditions"), default=list, editable=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(decorative=True) | ~Q(alt=""), name="picture_alt_or_decorative"),
            models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="picture_size"),
        ]

    def __str__(self) -> str:
        return self.alt or str(self.uid)

    @property
    def image(self) -> Image:
        """The picture as pages draw it; no query."""
        return Image(
            url=self.file.url,
            width=self.width,
            height=self.height,
            alt="" if self.decorative else self.alt,
            color=self.color,
            renditions=tuple(
                Rendition(default_storage.url(ready["name"]), ready["width"], ready["type"])
                for ready in self.renditions
            ),
        )


FACT = re.compile(r"^(?::([a-z-]+):[ ]*)?(\S.*)(?:\n(.+(?:\n.+)*))?", re.MULTILINE)


class Fact(NamedTuple):
    """One thing the home page states in few words."""

    icon: str
    title: str
    text: str


class HomeBlockQuerySet(models.QuerySet["HomeBlock"]):
    def showing(self, now: datetime) -> Self:
        return self.filter(Q(starts_at__isnull=True) | Q(starts_at__lte=now)).filter(
            Q(ends_at__isnull=True) | Q(ends_at__gt=now)
        )


class HomeBlock(models.Model):
    """A part of the home page, composed by staff. Its contents are cards, so any app's things fit."""

    class Kind(models.TextChoices):
        HERO = "hero", _("hero")
        CARDS = "cards", _("cards")
        FACTS = "facts", _("facts")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(
        _("text"),
        blank=True,
        help_text=_(
            "Facts are parted by an empty line. The first line of each is its title, which may begin with the name of "
            "an icon, such as :truck:, and the rest is its text."
        ),
    )
    link_url = models.CharField(_("link"), max_length=300, blank=True)
    link_label = models.CharField(_("link text"), max_length=60, blank=True)
    picture = models.ForeignKey(Picture, models.PROTECT, null=True, blank=True, verbose_name=_("picture"))
    dark_picture = models.ForeignKey(
        Picture, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("picture for dark mode")
    )
    card_kind = models.CharField(_("kind of cards"), max_length=40, blank=True)
    card_ids = ArrayField(models.CharField(max_length=80), verbose_name=_("cards"), default=list, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)

    objects = HomeBlockQuerySet.as_manager()

    class Meta:
        verbose_name = _("home block")
        verbose_name_plural = _("home blocks")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=["hero", "cards", "facts"]), name="home_block_kind"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(starts_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="home_block_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def facts(self) -> list[Fact]:
        """The text, read as facts."""
        return [Fact(*found.groups("")) for found in FACT.finditer(self.text.replace("\r\n", "\n"))]


class TextPage(models.Model):
    """A page that only says something: about, delivery, privacy. Written in Markdown; `body_html` is made from it."""

    public_kind: ClassVar[str] = "page"

    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=160)
    description = models.CharField(
        _("description"), max_length=300, blank=True, help_text=_("One sentence, for search engines and link previews.")
    )
    body_source = models.TextField(_("text"), help_text=_("Markdown."))
    body_html = models.TextField(editable=False)
    updated_at = models.DateTimeField(_("updated at"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("text page")
        verbose_name_plural = _("text pages")
        ordering: ClassVar = ["slug"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(title="") & ~Q(body_source=""), name="text_page_says_something"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("text_page", args=[self.slug])

    @property
    def public_id(self) -> str:
        return self.slug
