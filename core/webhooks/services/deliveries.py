"""What is to be sent to whom: a delivery for each event and each webhook that wants it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.context import Actor, Grant
from core.errors import Conflict
from core.events import catalogue
from core.events import services as events
from core.events.models import Event
from core.webhooks import task_queue
from core.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from core.webhooks.services import endpoints

# No webhook receives what happens to webhooks: a failing one would be sent its own failures.
OWN_EVENTS = "webhook.*"
DELIVERY_RETENTION = timedelta(days=30)
FORGET_BATCH = 1000


class StillWaiting(Conflict):
    code = "webhook_delivery_waiting"
    message = _("This delivery is still waiting for its next attempt.")


def visible_to(viewer: Grant) -> QuerySet[WebhookDelivery]:
    """The deliveries this viewer may see, with their events: all or none."""
    every = WebhookDelivery.objects.select_related("event")
    return every if viewer.actor.can("core.view_webhookdelivery") else every.none()


@transaction.atomic
def spread(event: Event) -> int:
    """Make a delivery for each webhook that wants the event; returns how many want it. Again changes nothing.

    Keeps the webhooks from being removed until it is done; one that is being removed is waited for and left out.
    What happens to webhooks themselves is told to none: one that fails would otherwise be told of its own failing.
    """
    if fnmatchcase(event.name, OWN_EVENTS):
        return 0
    wanting = [
        webhook.pk
        for webhook in _kept_webhooks()
        if any(catalogue.matches(event.name, pattern) for pattern in webhook.events)
    ]
    if wanting:
        WebhookDelivery.objects.bulk_create(
            [WebhookDelivery(webhook_id=pk, event=event, next_at=Now()) for pk in wanting], ignore_conflicts=True
        )
        task_queue.send_soon(wanting)
    return len(wanting)


def _kept_webhooks() -> Iterable[Webhook]:
    """Those that are switched on, and stay until the end of the transaction. One query.

    The lock is the one of a foreign key, which Django's take too late: they are checked at the commit. It excludes
    removal and nothing else, so that events do not wait for each other.
    """
    return Webhook.objects.raw(
        "SELECT id, events FROM core_webhook WHERE disabled_at IS NULL ORDER BY id FOR KEY SHARE"
    )


@transaction.atomic
def replay(*, delivery_id: int, by: Actor, now: datetime | None = None) -> WebhookDelivery:
    """Send a delivery again, from the first attempt on, under the same webhook-id.

    Locks the webhook, then the delivery. Raises Denied without core.change_webhook, WebhookDisabled, StillWaiting.
    Records webhook.replayed.
    """
    by.require("core.change_webhook")
    webhook = Webhook.objects.select_for_update(no_key=True).get(deliveries=delivery_id)
    delivery = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("event").get(pk=delivery_id)
    if not webhook.enabled:
        raise endpoints.WebhookDisabled
    if delivery.state == WebhookDelivery.State.WAITING:
        raise StillWaiting
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=WebhookDelivery.State.WAITING, attempts=0, next_at=Now(), done_at=None
    )
    delivery.refresh_from_db(fields=["state", "attempts", "next_at", "done_at"])
    events.record("webhook.replayed", webhook, by=by, now=now, delivery=str(delivery.uid))
    task_queue.send_soon([webhook.pk])
    return delivery


def forget_old(*, now: datetime | None = None) -> int:
    """Delete the log of what is older than KEEP, in batches of their own transactions; returns how many deliveries."""
    before = (now or timezone.now()) - DELIVERY_RETENTION
    forgotten = 0
    while ids := list(
        WebhookDelivery.objects.filter(created_at__lt=before)
        .order_by("created_at")
        .values_list("pk", flat=True)[:FORGET_BATCH]
    ):
        with transaction.atomic():
            WebhookAttempt.objects.filter(delivery__in=ids).delete()
            WebhookDelivery.objects.filter(pk__in=ids).delete()
        forgotten += len(ids)
    return forgotten
