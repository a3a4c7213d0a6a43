"""The addresses that hear of events: who may add one, change it, give it a new secret, switch it off and on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.context import Actor, Grant
from core.encryption import encrypt
from core.errors import Conflict, Invalid
from core.events import catalogue
from core.events import services as events
from core.webhooks import guard, signing, task_queue
from core.webhooks.models import Webhook, WebhookDelivery

# How long both secrets sign after a rotation.
OVERLAP = timedelta(hours=24)
MOST_WEBHOOKS = 50


class UnknownEvents(Invalid):
    code = "unknown_events"
    message = _("There is no event like %(pattern)s. Name events such as order.paid, order.* or *.")


class TooManyWebhooks(Conflict):
    code = "too_many_webhooks"
    message = _("There are %(most)s webhooks already. Remove one that is no longer needed.")


class WebhookDisabled(Conflict):
    code = "webhook_disabled"
    message = _("This webhook is switched off. Switch it on first.")


@dataclass(frozen=True, slots=True)
class WithSecret:
    """A webhook and its new secret in words: shown now and never again."""

    webhook: Webhook
    secret: str


def visible_to(viewer: Grant) -> QuerySet[Webhook]:
    """The webhooks this viewer may see: all or none."""
    return Webhook.objects.all() if viewer.actor.can("core.view_webhook") else Webhook.objects.none()


@transaction.atomic
def add_webhook(
    *, url: str, wanted: Sequence[str], by: Actor, description: str = "", now: datetime | None = None
) -> WithSecret:
    """Begin to tell an address of the events that `wanted` names.

    Raises Denied without core.add_webhook, BadAddress, AddressNotAllowed, UnknownEvents, TooManyWebhooks. Records
    webhook.added.
    """
    _require(by, "add")
    if Webhook.objects.count() >= MOST_WEBHOOKS:
        raise TooManyWebhooks(most=MOST_WEBHOOKS)
    guard.parse(url, own_networks=settings.WEBHOOK_ALLOWED_NETWORKS)
    now = now or timezone.now()
    secret = signing.make_secret()
    webhook = Webhook.objects.create(
        url=url,
        events=tidy(wanted),
        description=description.strip(),
        secret=encrypt(secret),
        next_at=Now(),
        created_at=now,
    )
    events.record("webhook.added", webhook, by=by, now=now, events=webhook.events)
    return WithSecret(webhook, secret)


class Change(TypedDict, total=False):
    """What of a webhook may be changed; what is left out stays."""

    url: str
    description: str
    events: Sequence[str]


@transaction.atomic
def change_webhook(*, webhook_id: int, by: Actor, now: datetime | None = None, **wish: Unpack[Change]) -> Webhook:
    """Change what is given. What waits goes to the new address.

    Locks the webhook. Raises Denied without core.change_webhook, BadAddress, AddressNotAllowed, UnknownEvents.
    Records webhook.changed with the names of what is different, or nothing when nothing is.
    """
    _require(by, "change")
    webhook = _locked(webhook_id)
    if "url" in wish:
        guard.parse(wish["url"], own_networks=settings.WEBHOOK_ALLOWED_NETWORKS)
    if "events" in wish:
        wish["events"] = tidy(wish["events"])
    changed = sorted(name for name, value in wish.items() if getattr(webhook, name) != value)
    for name in changed:
        setattr(webhook, name, wish[name])  # type: ignore[literal-required]  # the names are the dictionary's own
    if changed:
        webhook.save(update_fields=changed)
        events.record("webhook.changed", webhook, by=by, now=now, changed=changed)
    return webhook


@transaction.atomic
def rotate_secret(*, webhook_id: int, by: Actor, now: datetime | None = None) -> WithSecret:
    """Give a webhook a new secret. For a day the old one signs as well, so a receiver can change over in peace.

    Locks the webhook. Raises Denied without core.change_webhook. Records webhook.rotated.
    """
    _require(by, "change")
    now = now or timezone.now()
    webhook = _locked(webhook_id)
    secret = signing.make_secret()
    webhook.former_secret, webhook.former_until = webhook.secret, now + OVERLAP
    webhook.secret = encrypt(secret)
    webhook.save(update_fields=["secret", "former_secret", "former_until"])
    events.record("webhook.rotated", webhook, by=by, now=now)
    return WithSecret(webhook, secret)


@transaction.atomic
def switch_webhook(*, webhook_id: int, on: bool, by: Actor, now: datetime | None = None) -> Webhook:
    """Switch a webhook off, or on again; what waited is sent then. Events in between are not kept for it.

    Locks the webhook. Raises Denied without core.change_webhook. Records webhook.enabled or webhook.disabled, or
    nothing when it is so already.
    """
    _require(by, "change")
    webhook = _locked(webhook_id)
    if webhook.enabled == on:
        return webhook
    if not on:
        disable(webhook, Webhook.Reason.BY_HAND, by=by, now=now or timezone.now())
        return webhook
    webhook.disabled_at, webhook.disabled_reason, webhook.failing_since = None, "", None
    webhook.save(update_fields=["disabled_at", "disabled_reason", "failing_since"])
    events.record("webhook.enabled", webhook, by=by, now=now)
    task_queue.send_soon([webhook.pk])
    return webhook


def disable(webhook: Webhook, reason: Webhook.Reason, *, by: Actor, now: datetime) -> None:
    """Stop sending to a locked webhook. Records webhook.disabled; unless by hand, staff get a mail."""
    webhook.disabled_at, webhook.disabled_reason = now, reason
    webhook.save(update_fields=["disabled_at", "disabled_reason"])
    events.record("webhook.disabled", webhook, by=by, now=now, reason=reason.value)


@transaction.atomic
def remove_webhook(*, webhook_id: int, by: Actor) -> None:
    """Forget a webhook and its log.

    Locks the webhook against new deliveries too, so that none is made of what is being removed. Raises Denied without
    core.delete_webhook. Records webhook.removed.
    """
    _require(by, "delete")
    webhook = Webhook.objects.select_for_update().get(pk=webhook_id)
    events.record("webhook.removed", webhook, by=by)
    webhook.delete()


@transaction.atomic
def send_test(*, webhook_id: int, by: Actor, now: datetime | None = None) -> WebhookDelivery:
    """Send a webhook an event that means nothing, to see whether it arrives.

    Locks the webhook. Raises Denied without core.change_webhook, WebhookDisabled. Records webhook.tested, which goes to
    this webhook only.
    """
    _require(by, "change")
    webhook = _locked(webhook_id)
    if not webhook.enabled:
        raise WebhookDisabled
    now = now or timezone.now()
    event = events.record("webhook.tested", webhook, by=by, now=now)
    delivery = WebhookDelivery.objects.create(webhook=webhook, event=event, next_at=Now(), created_at=now)
    delivery.refresh_from_db(fields=["next_at"])
    task_queue.send_soon([webhook.pk])
    return delivery


def tidy(wanted: Sequence[str]) -> list[str]:
    """The patterns without blanks and twins, in order. Raises UnknownEvents for one that no event matches."""
    patterns = sorted({pattern.strip() for pattern in wanted} - {""})
    if not patterns:
        raise UnknownEvents(field="events", pattern=_("nothing"))
    for pattern in patterns:
        if not catalogue.names_matching(pattern):
            raise UnknownEvents(field="events", pattern=pattern)
    return ["*"] if "*" in patterns else patterns


def _require(by: Actor, verb: str) -> None:
    by.require(f"core.{verb}_webhook")


def _locked(webhook_id: int) -> Webhook:
    return Webhook.objects.select_for_update(no_key=True).get(pk=webhook_id)
