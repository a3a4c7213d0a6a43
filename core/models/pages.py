"""What staff compose themselves: the home page and pages of text."""

import re
from datetime import datetime
from typing import ClassVar, NamedTuple, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.models.picture import Picture

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
