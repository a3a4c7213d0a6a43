"""What tests ask of the ground floor: run the outbox, look at events, race threads."""

import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any, Self

from allauth.account.internal.flows.login import record_authentication
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db import connections
from django.forms import CheckboxInput, FileField
from django.http import HttpRequest
from django.test import Client

from core.circuit_breaker import get_circuit_breaker
from core.events import services as events
from core.events.models import Event, EventDelivery


class JustSignedIn(Client):
    """A test client whose `force_login` counts as a recent authentication."""

    def force_login(self, user: Any, backend: str | None = None) -> None:
        super().force_login(user, backend)
        request = HttpRequest()
        request.session = self.session
        record_authentication(request, user, "password")
        request.session.save()


def open_tab(client: Client, url: str) -> dict[str, Any]:
    """What a browser would send from a form of the admin when nothing is touched."""
    answer = client.get(url)
    forms = [answer.context["adminform"].form]
    for inline in answer.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    data: dict[str, Any] = {}
    for field in (field for form in forms for field in form):
        value = field.value()
        if isinstance(field.field.widget, CheckboxInput):
            value = "on" if value else None
        if value is not None and not isinstance(field.field, FileField):
            data[field.html_name] = value
            if field.field.show_hidden_initial:
                data[field.html_initial_name] = value
    found = re.search(r'name="_loaded" value="([^"]*)"', answer.content.decode())
    return data | ({"_loaded": unescape(found[1])} if found else {})


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
    """All rows of the named models ("app.Model"), to assert that nothing changed."""
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


@contextmanager
def redis_at(address: str, settings: Any) -> Iterator[None]:
    """Everything that asks Redis asks there: cache, limits, chat's bus and the queue. `settings` is pytest-django's."""
    before = current_app.conf.broker_write_url  # first: Celery reads the settings when it is first asked
    settings.REDIS_CACHE_URL = settings.REDIS_BUS_URL = settings.CELERY_BROKER_URL = f"redis://{address}/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": settings.REDIS_CACHE_URL}}
    _send_tasks_to(settings.CELERY_BROKER_URL)
    yield
    _send_tasks_to(before)


def close_breakers() -> None:
    """Close the circuit breakers of the test run's Redis, so that one test's failures do not affect the next."""
    for url in (settings.REDIS_CACHE_URL, settings.REDIS_BUS_URL, settings.CELERY_BROKER_URL):
        get_circuit_breaker(url).record_success()


def _send_tasks_to(url: str) -> None:
    current_app.conf.update(broker_write_url=url)
    current_app.amqp._producer_pool = None  # type: ignore[attr-defined]  # noqa: SLF001  as Celery does after a fork


class SilentServer:
    """Takes connections and never answers, as a server that hangs does; `connections` are those it took."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def connections(self) -> int:
        return len(self._taken)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for one in (self._listener, *self._taken):
            one.close()

    def _take(self) -> None:
        while True:
            try:
                self._taken.append(self._listener.accept()[0])
            except OSError:
                return
