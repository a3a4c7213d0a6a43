"""References between things of different apps."""

from typing import ClassVar

from django.db import models
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
