"""Pictures, text pages, and the blocks of the home page."""

import re
from datetime import datetime
from operator import itemgetter
from typing import Any, ClassVar, NamedTuple, Self

from django.contrib.postgres.fields import ArrayField
from django.core.files.storage import default_storage
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import JSONObject
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from core.media.images import Image, Rendition


def picture_name(picture: "Picture", filename: str) -> str:
    return f"pictures/{picture.uid.hex[-2:]}/{picture.uid.hex}.webp"


class Picture(models.Model):
    """A picture that any app may show. Either it has words for those who cannot see it, or it is decoration."""

    public_kind: ClassVar[str] = "picture"

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
    def public_id(self) -> str:
        return str(self.uid)

    @property
    def image(self) -> Image:
        """The picture as pages draw it; no query."""
        return image_of(
            str(self.file.name), self.width, self.height, self.alt, self.decorative, self.color, self.renditions
        )

    @property
    def face(self) -> Image:
        """The picture as a small mark beside a name; no query."""
        return face_of(
            str(self.file.name), self.width, self.height, self.alt, self.decorative, self.color, self.renditions
        )


def columns_of(path: str) -> JSONObject:
    """What `image_of` and `face_of` take, of the picture at the end of a path, as one value of a subquery."""
    names = ("width", "height", "alt", "decorative", "color", "renditions")
    return JSONObject(name=f"{path}__file", **{name: f"{path}__{name}" for name in names})


def face_of(  # noqa: PLR0917  the columns of a row
    name: str, width: int, height: int, alt: str, decorative: bool, color: str, renditions: list[dict[str, Any]]
) -> Image:
    """The narrowest file of a picture that every browser reads; itself while there is no other."""
    ready = min((one for one in renditions if one["type"] == "webp"), key=itemgetter("width"), default=None)
    if ready is not None:
        name, width, height = ready["name"], ready["width"], round(height * ready["width"] / width)
    return image_of(name, width, height, alt, decorative, color, [])


def image_of(  # noqa: PLR0917  the columns of a row
    name: str, width: int, height: int, alt: str, decorative: bool, color: str, renditions: list[dict[str, Any]]
) -> Image:
    """The picture of a row's values, for queries that read them without the row."""
    address = default_storage.url  # looked up once: it is found through a lazy object
    return Image(
        url=address(name),
        width=width,
        height=height,
        alt="" if decorative else alt,
        color=color,
        renditions=tuple([Rendition(address(ready["name"]), ready["width"], ready["type"]) for ready in renditions]),
    )


# A page of this site, or a web address; never a script, and nothing that a browser reads as another host.
LINK_URL = r"^(/([^/\\\s][^\\\s]*)?|https?://[^\s/\\]+\S*|#\S+)$"
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

    public_kind: ClassVar[str] = "home_block"

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
            models.CheckConstraint(condition=Q(link_url="") | Q(link_url__regex=LINK_URL), name="home_block_link"),
            models.CheckConstraint(condition=Q(card_kind__regex=r"^[a-z_]*$"), name="home_block_card_kind"),
            models.CheckConstraint(condition=~Q(kind="cards", card_kind=""), name="home_block_says_which_cards"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(starts_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="home_block_dates",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def public_id(self) -> str:
        return str(self.pk)

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
