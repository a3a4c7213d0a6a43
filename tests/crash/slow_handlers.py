"""Handlers for the worker of a test: both begin, tell so in the database, and take their time."""

import time
from datetime import timedelta

from core.composition.models import Reference
from core.events import services as events
from core.events.models import Event

SECONDS = 3.0
# So that a test need not wait for minutes until the delivery of a killed worker is taken over.
events.LEASE = timedelta(seconds=6)
events.SWEEP_AFTER = timedelta(seconds=2)


@events.on("test.inside")
def change_our_database(event: Event) -> None:
    _note(event, "changed")
    time.sleep(SECONDS)


@events.on("test.outside", outside=True)
def send_something(event: Event, key: str) -> None:
    _note(event, "began")
    time.sleep(SECONDS)
    _note(event, "sent")


def _note(event: Event, what: str) -> None:
    number = Reference.objects.filter(source_id=event.subject_id, target_kind=what).count()
    Reference.objects.create(source_kind="test", source_id=event.subject_id, target_kind=what, target_id=str(number))
