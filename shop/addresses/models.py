"""Addresses that customers save for their next order."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7

MAX_ADDRESSES = 20


class SavedAddress(models.Model):
    """A saved address, as `shop.addresses.validation.clean_address` returns it. One of a customer's is the default."""

    public_kind: ClassVar[str] = "address"

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_addresses", verbose_name=_("person")
    )
    address = models.JSONField(_("address"))
    is_default = models.BooleanField(_("default"), default=False)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)

    class Meta:
        verbose_name = _("saved address")
        verbose_name_plural = _("saved addresses")
        ordering: ClassVar = ["-is_default", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user"], condition=Q(is_default=True), name="saved_address_one_default"),
        ]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def public_id(self) -> str:
        return str(self.uid)
