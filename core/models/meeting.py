"""Where apps meet that do not know each other: references and search."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Case, F, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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
