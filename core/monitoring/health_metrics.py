"""Signs of life that /metrics and the doctor read: heartbeats, the queue, events on their way, room on the disk."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

from core.events.models import Event, EventDelivery
from core.metrics import prometheus

# The beat sends a heartbeat this often, and who was not seen for the second time is taken for dead.
HEARTBEAT_SECONDS = 15
DEAD_AFTER_SECONDS = 60
REMEMBERED_SECONDS = 7 * 24 * 3600
PROCESSES = ("worker", "beat")
SECONDS_FOR_BROKER = 2


@dataclass(frozen=True, slots=True)
class Queue:
    """Tasks that wait in the broker, and for how many seconds the oldest has; None where the broker cannot say."""

    name: str
    length: int
    oldest: float | None


def seen(process: str) -> None:
    """Note that the worker or the beat lives. Raises what the cache raises."""
    cache.set(_key(process), time.time(), REMEMBERED_SECONDS)


def last_seen(process: str) -> float | None:
    """When it was seen last, in seconds since 1970; None if not in living memory. Raises what the cache raises."""
    at: float | None = cache.get(_key(process))
    return at


def queues() -> list[Queue]:
    """The queues of this project. Raises what the broker's client raises, within seconds."""
    patience = {"socket_timeout": SECONDS_FOR_BROKER, "socket_connect_timeout": SECONDS_FOR_BROKER}
    options = {**patience, "max_retries": 0}
    with current_app.connection_for_read(transport_options=options) as connection:
        channel = connection.default_channel
        routed = (route["queue"] for route in settings.CELERY_TASK_ROUTES.values())
        return [_queue(channel, name) for name in dict.fromkeys([*current_app.amqp.queues, *routed])]


def event_lag() -> float:
    """Seconds that the oldest undispatched event has waited; 0 when none waits."""
    oldest = Event.objects.undispatched().order_by("id").values_list("at", flat=True).first()
    return max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0


def dead_deliveries() -> int:
    return EventDelivery.objects.filter(state=EventDelivery.State.DEAD).count()


def _key(process: str) -> str:
    return f"heartbeat:{process}"


def _queue(channel: Any, name: str) -> Queue:
    prefix = getattr(channel, "global_keyprefix", None)
    if prefix is None:  # not Redis
        return Queue(name, channel.queue_declare(name, passive=True).message_count, None)
    length, message = channel.client.llen(name), channel.client.lindex(prefix + name, -1)  # kombu prefixes no LINDEX
    sent_at = json.loads(message)["headers"].get("sent_at") if message else None
    return Queue(name, length, max(0.0, time.time() - sent_at) if sent_at else 0.0)


@prometheus.part("heartbeats")
def _heartbeats() -> Iterator[Metric]:
    beats = GaugeMetricFamily(
        "agora_heartbeat_timestamp_seconds", "When the process was seen last; 0 if never.", labels=["process"]
    )
    for process in PROCESSES:
        beats.add_metric([process], last_seen(process) or 0.0)
    yield beats


@prometheus.part("queue")
def _queue_families() -> Iterator[Metric]:
    length = GaugeMetricFamily("agora_queue_messages", "Tasks waiting in the broker.", labels=["queue"])
    oldest = GaugeMetricFamily("agora_queue_oldest_seconds", "Age of the oldest waiting task.", labels=["queue"])
    for queue in queues():
        length.add_metric([queue.name], queue.length)
        if queue.oldest is not None:
            oldest.add_metric([queue.name], queue.oldest)
    yield from (length, oldest)


@prometheus.part("events")
def _event_families() -> Iterator[Metric]:
    yield GaugeMetricFamily("agora_event_lag_seconds", "Age of the oldest undispatched event.", value=event_lag())
    yield GaugeMetricFamily("agora_dead_deliveries", "Deliveries that were given up.", value=dead_deliveries())


@prometheus.part("media")
def _media_families() -> Iterator[Metric]:
    folder = Path(settings.MEDIA_ROOT)
    usage = shutil.disk_usage(folder if folder.exists() else folder.parent)
    yield GaugeMetricFamily("agora_media_free_bytes", "Room left where media are kept.", value=usage.free)
    yield GaugeMetricFamily("agora_media_size_bytes", "Size of the disk where media are kept.", value=usage.total)
