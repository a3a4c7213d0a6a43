"""The webhooks' part of /metrics, which the doctor reads too: what waits, what is late by our fault, what failed.

A receiver that is away for hours is its own affair, and its deliveries wait; late is what could be sent at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Min
from django.db.models.functions import Greatest
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from core.metrics import prometheus
from core.webhooks.models import WebhookDelivery

# Failures are told for so long; afterwards they stand in the log only.
WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Deliveries:
    """How many there are, and for how many seconds the oldest has been so; 0 where there are none."""

    count: int
    oldest: float


def deliveries(now: datetime | None = None) -> dict[str, Deliveries]:
    """Waiting, late and failed ones; three queries, each over an index that holds no others."""
    now = now or timezone.now()
    waiting = WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING, webhook__disabled_at__isnull=True)
    late = waiting.filter(next_at__lte=now, webhook__next_at__lte=now)
    failed = WebhookDelivery.objects.filter(state=WebhookDelivery.State.FAILED, done_at__gte=now - WINDOW)
    found = {
        "waiting": waiting.aggregate(count=Count("pk"), since=Min("created_at")),
        "late": late.aggregate(count=Count("pk"), since=Min(Greatest(F("next_at"), F("webhook__next_at")))),
        "failed": failed.aggregate(count=Count("pk"), since=Min("done_at")),
    }
    return {state: Deliveries(row["count"], _seconds(row["since"], now)) for state, row in found.items()}


def _seconds(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


@prometheus.part("webhooks")
def _families() -> Iterator[Metric]:
    count = GaugeMetricFamily("agora_webhook_deliveries", "Webhook deliveries, by how they stand.", labels=["state"])
    oldest = GaugeMetricFamily("agora_webhook_oldest_seconds", "How long the oldest has stood so.", labels=["state"])
    for state, told in deliveries().items():
        count.add_metric([state], told.count)
        oldest.add_metric([state], told.oldest)
    yield from (count, oldest)
