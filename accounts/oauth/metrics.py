"""Metrics of back-channel logout notifications."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from accounts.sessions.models import ClientSession
from core.metrics import prometheus

WINDOW = timedelta(hours=24)


def count_logouts(now: datetime | None = None) -> dict[str, int]:
    """Return pending notifications of enabled clients, and recent failures. One query on two indexes."""
    State = ClientSession.State  # noqa: N806  a class
    waiting = Q(state=State.WAITING, client__is_enabled=True) & ~Q(client__backchannel_logout_uri="")
    failed = Q(state=State.FAILED, tried_at__gte=(now or timezone.now()) - WINDOW)
    return ClientSession.objects.filter(waiting | failed).aggregate(
        waiting=Count("pk", filter=waiting), failed=Count("pk", filter=failed)
    )


@prometheus.part("logouts")
def _families() -> Iterator[Metric]:
    count = GaugeMetricFamily(
        "agora_backchannel_logouts", "Ended sessions that clients are told of, by how that stands.", labels=["state"]
    )
    for state, found in count_logouts().items():
        count.add_metric([state], found)
    yield count
