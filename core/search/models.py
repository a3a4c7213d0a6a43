"""The search index: documents and their words."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Case, F, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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


class SearchWord(models.Model):
    """A word as it is written, in lower case. A word that left all documents may stay until the next reindex."""

    MAX_LENGTH = 40

    # In the order of its bytes, so that the index finds beginnings as a range.
    word = models.CharField(_("word"), max_length=MAX_LENGTH, primary_key=True, db_collation="C")

    class Meta:
        verbose_name = _("search word")
        verbose_name_plural = _("search words")
        indexes: ClassVar = [GistIndex(fields=["word"], name="search_word_trigrams", opclasses=["gist_trgm_ops"])]

    def __str__(self) -> str:
        return self.word
