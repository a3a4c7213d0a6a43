"""Things that happened, and who hears of them.

`record` writes a row in the caller's transaction: it is the audit log and the outbox in one. A relay turns each row
into one delivery per subscribed handler; deliveries are retried with growing pauses and end *done* or *dead*, and a
dead one can be replayed from the admin. When a delivery is due is asked of the database's clock only, since workers'
clocks differ. docs/events.md tells each failure and what happens.
"""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from functools import partial
from ipaddress import ip_address
from typing import Any, ClassVar, Protocol

import structlog
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from core import context
from core.context import Actor
from core.events.models import Event, EventDelivery, EventOrigin
from core.task_queue import enqueue_best_effort

log = structlog.get_logger(__name__)

RELAY_BATCH = 500
MAX_ATTEMPTS = 8
INITIAL_BACKOFF = timedelta(seconds=10)
MAX_AGENT_LENGTH = 200
# How long an outside handler may work before another worker may take its delivery over.
LEASE = timedelta(minutes=5)
# How long a pending delivery waits for its own task before the sweep sends another.
SWEEP_AFTER = timedelta(seconds=15)


class Subject(Protocol):
    """What an event can be about: `public_kind` is its kind on the wire, `public_id` its id there."""

    public_kind: ClassVar[str]

    @property
    def public_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Handler:
    """A subscriber. `name` stands in the database; `outside`: its effect leaves the database (mail, HTTP)."""

    name: str
    patterns: tuple[str, ...]
    function: Callable[..., None]
    outside: bool


_handlers: dict[str, Handler] = {}
_former: dict[str, str] = {}
_origin_kept: set[str] = set()


def record(
    name: str, subject: Subject | tuple[str, str], *, by: Actor, now: datetime | None = None, **data: Any
) -> Event:
    """Write that something happened. Call it inside the service's transaction; deliveries follow its commit.

    `data` holds ids, amounts in minor units and states: never personal text.
    """
    kind, public_id = subject if isinstance(subject, tuple) else (subject.public_kind, subject.public_id)
    surroundings = context.current()
    event = Event.objects.create(
        at=now or timezone.now(),
        name=name,
        subject_kind=kind,
        subject_id=public_id,
        actor_kind=by.kind,
        actor_id=by.id,
        impersonator_id=_impersonator(by),
        request_id=surroundings.request_id,
        quiet=surroundings.quiet,
        data=data,
    )
    if _keeps_origin(name):
        EventOrigin.objects.create(
            event=event,
            at=event.at,
            address=_address(surroundings.address),
            agent=surroundings.agent[:MAX_AGENT_LENGTH],
        )
    if not surroundings.quiet:
        transaction.on_commit(partial(enqueue_best_effort, "core.relay_events"), robust=True)
    return event


def on(
    *patterns: str, outside: bool = False, former: tuple[str, ...] = ()
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Subscribe a function to events by name ("order.paid", "order.*", "*").

    A plain handler, `handler(event)`, changes our database only: it runs in one transaction with the mark that it ran,
    so its effect happens exactly once. An `outside` handler, `handler(event, key)`, runs outside any transaction at
    least once; `key` is the same on every attempt. Quiet events do not reach outside handlers.

    Deliveries name their handler by app and function ("app.function"), so a handler may move to another file. A renamed
    handler lists its `former` names, under which deliveries may still be waiting.
    """

    def keep(function: Callable[..., None]) -> Callable[..., None]:
        name = _stable_name(f"{function.__module__}.{function.__qualname__}")
        known = _handlers.get(name)
        if known is not None and known.function.__module__ != function.__module__:
            raise ValueError(f"Two handlers are called {name}.")
        _handlers[name] = Handler(name, patterns, function, outside)
        _former.update(dict.fromkeys(former, name))
        return function

    return keep


def find_handler(name: str) -> Handler | None:
    """The handler of a delivery, by its name now, a former name, or the dotted path that releases of 2026 wrote."""
    stable = _stable_name(name)
    return _handlers.get(name) or _handlers.get(stable) or _handlers.get(_former.get(stable, ""))


def handler_names() -> list[str]:
    return sorted(_handlers)


def _stable_name(dotted: str) -> str:
    app, _dot, inner = dotted.partition(".")
    return f"{app}.{inner.rpartition('.')[2]}"


def keep_origin(*patterns: str) -> None:
    """Say of which events it is kept from where they came: of what concerns the safety of accounts, of nothing else."""
    _origin_kept.update(patterns)


def forget_origins(*, before: datetime) -> int:
    """Forget from where events came that happened before a moment; gives how many. The events stay."""
    known = EventOrigin.objects.exclude(address=None, agent="")
    return known.filter(at__lt=before).update(address=None, agent="")


def handlers_for(event: Event) -> list[Handler]:
    return [
        handler
        for handler in _handlers.values()
        if any(fnmatchcase(event.name, pattern) for pattern in handler.patterns)
        and not (event.quiet and handler.outside)
    ]


@dataclass(frozen=True, slots=True)
class Relayed:
    """What one run of the relay did: how many events it dispatched, and the ids of the deliveries it made."""

    events: int
    deliveries: list[int]


@transaction.atomic
def relay(limit: int = RELAY_BATCH) -> Relayed:
    """Turn undispatched events into deliveries.

    Locks the events it takes and passes over those another relay holds, so two relays never dispatch one event twice.
    """
    events = list(Event.objects.undispatched().select_for_update(skip_locked=True).order_by("id")[:limit])
    deliveries = EventDelivery.objects.bulk_create(
        EventDelivery(event=event, handler=handler.name, next_at=Now())
        for event in events
        for handler in handlers_for(event)
    )
    Event.objects.filter(pk__in=[event.pk for event in events]).update(dispatched_at=timezone.now())
    return Relayed(len(events), [delivery.pk for delivery in deliveries])


def overdue(limit: int = RELAY_BATCH) -> list[int]:
    """Deliveries whose task is late: the broker lost it, the worker died, or a retry is due."""
    late = EventDelivery.objects.filter(state=EventDelivery.State.PENDING, next_at__lte=Now() - SWEEP_AFTER)
    return list(late.order_by("next_at").values_list("pk", flat=True)[:limit])


def deliver(delivery_id: int) -> bool:
    """Run the handler of one delivery; True when it ran to its end now. Never raises what the handler raises."""
    delivery = EventDelivery.objects.select_related("event").filter(pk=delivery_id).first()
    if delivery is None or delivery.state != EventDelivery.State.PENDING:
        return False
    handler = find_handler(delivery.handler)
    with context.bind(
        request_id=delivery.event.request_id,
        source=delivery.handler,
        quiet=delivery.event.quiet,
        impersonator=delivery.event.impersonator_id,
    ):
        if handler is None:
            _fail(delivery, LookupError(f"no handler is called {delivery.handler}"))
            return False
        try:
            return _run_outside(handler, delivery) if handler.outside else _run_inside(handler, delivery)
        except Exception as failure:  # noqa: BLE001  a handler may fail in any way; the row remembers it
            _fail(delivery, failure)
            return False


def replay(delivery_id: int) -> None:
    """Give a dead delivery its attempts back; the next sweep takes it."""
    EventDelivery.objects.filter(pk=delivery_id, state=EventDelivery.State.DEAD).update(
        state=EventDelivery.State.PENDING, attempts=0, next_at=Now() - SWEEP_AFTER
    )


def once(delivery: EventDelivery) -> bool:
    """Take the right to an effect: True for exactly one caller, and only if that caller's transaction commits.

    Locks the delivery until the end of the transaction; a caller that finds it locked or done gets False.
    """
    free = EventDelivery.objects.select_for_update(skip_locked=True, of=("self",))
    if not free.filter(pk=delivery.pk, state=EventDelivery.State.PENDING).exists():
        return False
    _mark_done(delivery)
    return True


def _keeps_origin(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in _origin_kept)


def _address(given: str | None) -> str | None:
    """An address as the database takes it; a socket of the machine itself has none."""
    try:
        return str(ip_address(given or ""))
    except ValueError:
        return None


def _impersonator(by: Actor) -> str:
    """Who really acts, where that is another than who is named."""
    really = by.impersonator or context.current().impersonator
    return "" if really == by.id else really


def _run_inside(handler: Handler, delivery: EventDelivery) -> bool:
    with transaction.atomic():
        if not once(delivery):
            return False
        handler.function(delivery.event)
    return True


def _run_outside(handler: Handler, delivery: EventDelivery) -> bool:
    mine = EventDelivery.objects.filter(pk=delivery.pk, state=EventDelivery.State.PENDING, next_at__lte=Now())
    # The attempt is counted before it starts: a handler that kills its worker must not be tried for ever.
    if not mine.update(next_at=Now() + LEASE, attempts=delivery.attempts + 1):
        return False
    handler.function(delivery.event, f"{delivery.event.uid}:{delivery.handler}")
    _mark_done(delivery)
    return True


def _mark_done(delivery: EventDelivery) -> None:
    EventDelivery.objects.filter(pk=delivery.pk).update(
        state=EventDelivery.State.DONE, done_at=timezone.now(), attempts=delivery.attempts + 1, error=""
    )


def _fail(delivery: EventDelivery, failure: Exception) -> None:
    attempts = delivery.attempts + 1
    dead = attempts >= MAX_ATTEMPTS
    EventDelivery.objects.filter(pk=delivery.pk, state=EventDelivery.State.PENDING).update(
        attempts=attempts,
        state=EventDelivery.State.DEAD if dead else EventDelivery.State.PENDING,
        next_at=Now() + INITIAL_BACKOFF * 3 ** (attempts - 1),
        error="".join(traceback.format_exception_only(failure))[:2000],
    )
    about = {"handler": delivery.handler, "event_uid": str(delivery.event.uid), "error": type(failure).__name__}
    if dead:
        log.error("event_delivery_dead", **about)  # errors are what Sentry hears of
    else:
        log.warning("event_delivery_failed", **about)
