"""What staff may do: a role is a Django group with a rule about second factors."""

from typing import ClassVar

from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.Model):
    """One of the shipped roles, or one the owner made."""

    group = models.OneToOneField(Group, models.CASCADE, related_name="role", verbose_name=_("group"))
    slug = models.SlugField(_("slug"), unique=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    requires_mfa = models.BooleanField(_("requires a second factor"), default=True)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        ordering: ClassVar = ["slug"]
        permissions: ClassVar = [("assign_role", _("Can give roles to people and take them away"))]

    def __str__(self) -> str:
        return self.group.name
