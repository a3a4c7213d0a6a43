"""What tests ask of the ground floor: run the outbox, look at events, race threads."""

import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.apps import apps
from django.db import connections

from core import events
from core.models import Event, EventDelivery


def deliver_events() -> int:
    """Relay and deliver until nothing is left; returns how many deliveries ran. Raises if one failed."""
    ran = 0
    while True:
        relayed = events.relay()
        if not relayed.events:
            break
        for delivery_id in relayed.deliveries:
            ran += events.deliver(delivery_id)
    failed = EventDelivery.objects.filter(state=EventDelivery.State.PENDING, attempts__gt=0)
    if failed:
        raise AssertionError("\n".join(f"{delivery.handler}: {delivery.error}" for delivery in failed))
    return ran


def events_named(name: str) -> list[Event]:
    return list(Event.objects.filter(name=name).order_by("id"))


def no_event(name: str) -> bool:
    return not Event.objects.filter(name=name).exists()


def snapshot(*models: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of the named models ("shop.Order"), to assert that nothing changed."""
    return {label: list(apps.get_model(label)._default_manager.order_by("pk").values()) for label in models}  # noqa: SLF001


def race(*workers: Callable[[], Any]) -> list[Any]:
    """Run callables at the same moment, a thread and a connection each; returns results or exceptions, in order."""
    gate = threading.Barrier(len(workers))
    results: list[Any] = [None] * len(workers)

    def run(index: int, work: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=30)
            results[index] = work()
        except Exception as failure:  # noqa: BLE001  the caller looks at what came
            results[index] = failure
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(index, work)) for index, work in enumerate(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


def failures(results: Iterable[Any]) -> list[Exception]:
    return [result for result in results if isinstance(result, Exception)]
