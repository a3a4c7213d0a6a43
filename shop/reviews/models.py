"""What buyers think."""

from typing import ClassVar, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from shop.catalogue.models import Product
from shop.orders.models import OrderLine


class ReviewQuerySet(models.QuerySet["Review"]):
    def published(self) -> Self:
        return self.filter(status=Review.Status.PUBLISHED)


class Review(models.Model):
    """A buyer's words about a product; one each. `line` is the purchase that makes it verified."""

    public_kind: ClassVar[str] = "review"

    class Status(models.TextChoices):
        PENDING = "pending", _("waiting for moderation")
        PUBLISHED = "published", _("published")
        HIDDEN = "hidden", _("hidden")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    product = models.ForeignKey(Product, models.CASCADE, related_name="reviews", verbose_name=_("product"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="reviews", verbose_name=_("person"))
    line = models.ForeignKey(
        OrderLine, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("purchase")
    )
    rating = models.PositiveSmallIntegerField(_("rating"), validators=[MinValueValidator(1), MaxValueValidator(5)])
    title = models.CharField(_("title"), max_length=120, blank=True)
    body = models.TextField(_("text"), max_length=4000, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.PUBLISHED)
    created_at = models.DateTimeField(_("written at"), default=timezone.now)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering: ClassVar = ["-created_at", "-id"]
        permissions: ClassVar = [("moderate_review", _("Can publish and hide reviews"))]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["product", "user"], name="review_one_a_person"),
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="review_rating"),
            models.CheckConstraint(condition=Q(status__in=["pending", "published", "hidden"]), name="review_status"),
        ]
        indexes: ClassVar = [
            models.Index(
                F("product"),
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(status="published"),
                name="review_of_product",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rating} {self.title}"

    @property
    def public_id(self) -> str:
        return str(self.uid)

    @property
    def is_verified(self) -> bool:
        return self.line_id is not None
