"""Email subscriptions, and notifications in the queue."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from core.ids import uuid7
from core.validation.email_addresses import email_constraint


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def active(self) -> Self:
        return self.filter(state=Subscription.State.ACTIVE)

    def of(self, user: User) -> Self:
        return self.filter(user=user)

    def locked(self) -> Self:
        return self.select_for_update(of=("self",)).order_by("pk")


class Subscription(models.Model):
    """An email address and a topic (accounts.subscriptions.topics). Nothing is sent until the address is confirmed.

    `user` is the owner of the verified address, if there is one.
    """

    public_kind: ClassVar[str] = "subscription"

    class State(models.TextChoices):
        PENDING = "pending", _("awaiting confirmation")
        ACTIVE = "active", _("subscribed")
        ENDED = "ended", _("unsubscribed")

    uid = models.UUIDField(_("uid"), default=uuid7, unique=True, editable=False)
    email = models.EmailField(_("email address"), max_length=254)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="subscriptions",
        verbose_name=_("person"),
    )
    topic = models.CharField(_("topic"), max_length=120)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PENDING)
    source = models.CharField(_("requested at"), max_length=20)
    created_at = models.DateTimeField(_("created at"), default=timezone.now, editable=False)
    asked_at = models.DateTimeField(_("confirmation sent at"), null=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering: ClassVar = ["-id"]
        permissions: ClassVar = [("export_subscription", _("Can export the list of subscribers"))]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["email", "topic"], name="subscription_once"),
            models.CheckConstraint(condition=Q(email=Lower("email")) & ~Q(email=""), name="subscription_email_lower"),
            email_constraint("subscription_email_shape"),
            models.CheckConstraint(condition=~Q(topic=""), name="subscription_has_topic"),
            models.CheckConstraint(condition=Q(state__in=["pending", "active", "ended"]), name="subscription_state"),
            models.CheckConstraint(
                condition=~Q(state="active") | Q(confirmed_at__isnull=False), name="subscription_said_yes"
            ),
            models.CheckConstraint(condition=Q(state="ended") ^ Q(ended_at__isnull=True), name="subscription_ended_at"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["topic", "id"], condition=Q(state="active"), name="subscription_readers"),
            models.Index(fields=["user", "-id"], name="subscription_user"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} → {self.email}"

    @property
    def public_id(self) -> str:
        return str(self.uid)


class LetterQuerySet(models.QuerySet["Letter"]):
    def due(self) -> Self:
        """By the database's clock, because workers' clocks differ."""
        return self.filter(state=Letter.State.WAITING, next_at__lte=Now())


class Letter(models.Model):
    """A notification: one email to one subscriber, stored before it is sent.

    `key` names the event: a subscriber gets one notification for each key. `about` is the public id from which the
    topic fills the email.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        DROPPED = "dropped", _("dropped")
        FAILED = "failed", _("failed")

    subscription = models.ForeignKey(
        Subscription, models.CASCADE, related_name="letters", verbose_name=_("subscription"), db_index=False
    )
    key = models.CharField(_("key"), max_length=120)
    about = models.CharField(_("about"), max_length=120)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    created_at = models.DateTimeField(_("created at"), default=timezone.now)
    done_at = models.DateTimeField(_("done at"), null=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subscription", "key"], name="letter_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sent", "dropped", "failed"]), name="letter_state"
            ),
            models.CheckConstraint(condition=Q(state="waiting") ^ Q(done_at__isnull=False), name="letter_done_at"),
        ]
        indexes: ClassVar = [
            models.Index(F("next_at"), F("id"), condition=Q(state="waiting"), name="letter_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.key} → {self.subscription_id}"
