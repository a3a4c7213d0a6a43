"""Every event reaches every handler; effects in our database happen exactly once, even if a process dies in between."""

import os
import signal
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from core import context, testing
from core.composition.models import Reference
from core.context import Actor
from core.events import services as events
from core.events.models import Event, EventDelivery

SYSTEM = Actor.system("test")
HANDLER = "core.events.tests.test_deliver_events."


@pytest.fixture(autouse=True)
def own_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the handlers a test subscribes itself."""
    monkeypatch.setattr(events, "_handlers", {})


def leave_a_trace(event: Event) -> None:
    Reference.objects.create(
        source_kind="trace", source_id=str(event.uid), target_kind="x", target_id=os.urandom(4).hex()
    )


def record() -> Event:
    return events.record("thing.happened", ("thing", "1"), by=SYSTEM)


@pytest.mark.django_db
def test_it_works():
    events.on("thing.happened")(leave_a_trace)
    record()

    assert testing.deliver_events() == 1

    assert Reference.objects.count() == 1
    assert EventDelivery.objects.get().state == EventDelivery.State.DONE


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("pattern", "heard"), [("thing.happened", 1), ("thing.*", 1), ("*", 1), ("thing", 0), ("other.happened", 0)]
)
def test_a_handler_hears_what_its_pattern_names(pattern, heard):
    events.on(pattern)(leave_a_trace)
    record()

    assert testing.deliver_events() == heard


@pytest.mark.django_db
def test_history_that_is_loaded_does_not_leave_the_house():
    sent: list[str] = []
    events.on("thing.happened")(leave_a_trace)
    events.on("thing.happened", outside=True)(lambda event, key: sent.append(key))
    with context.bind(quiet=True):
        record()

    testing.deliver_events()

    assert Reference.objects.count() == 1
    assert sent == []


@pytest.mark.django_db(transaction=True)
def test_a_process_killed_between_commit_and_dispatch_loses_nothing():
    events.on("thing.happened")(leave_a_trace)
    connection.close()
    child = os.fork()
    if child == 0:
        with transaction.atomic():
            transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
            record()
        os._exit(0)

    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert Event.objects.undispatched().count() == 1

    testing.deliver_events()

    assert Reference.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_relays_never_dispatch_one_event_twice():
    events.on("thing.happened")(leave_a_trace)
    for _ in range(200):
        record()

    results = testing.race(*[lambda: [relayed for _ in range(60) if (relayed := events.relay(limit=7)).events]] * 4)

    assert testing.failures(results) == []
    taken = sum(relayed.events for batches in results for relayed in batches)
    assert taken == 200
    assert EventDelivery.objects.count() == 200
    assert not Event.objects.undispatched().exists()


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_relays_would_take_the_same_events():
    """The control: the same reading without SKIP LOCKED gives both the same rows."""
    record()
    both_have_read = threading.Barrier(2)

    def unguarded() -> list[int]:
        taken = list(Event.objects.undispatched().values_list("pk", flat=True))
        both_have_read.wait(timeout=10)
        return taken

    first, second = testing.race(unguarded, unguarded)

    assert first == second != []


@pytest.mark.django_db(transaction=True)
def test_one_delivery_run_by_eight_workers_has_its_effect_once():
    events.on("thing.happened")(leave_a_trace)
    record()
    (delivery_id,) = events.relay().deliveries

    results = testing.race(*[lambda: events.deliver(delivery_id)] * 8)

    assert sorted(results) == [False] * 7 + [True]
    assert Reference.objects.count() == 1


@pytest.mark.django_db
def test_a_handler_that_fails_halfway_leaves_nothing():
    def fail_halfway(event: Event) -> None:
        leave_a_trace(event)
        raise ValueError("halfway")

    events.on("thing.happened")(fail_halfway)
    record()
    (delivery_id,) = events.relay().deliveries

    assert events.deliver(delivery_id) is False

    delivery = EventDelivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.error) == ("pending", 1, "ValueError: halfway\n")
    assert delivery.next_at > timezone.now()
    assert not Reference.objects.exists()


@pytest.mark.django_db
def test_a_handler_that_goes_on_failing_is_dead_and_can_be_replayed():
    broken = True

    def fail_until_mended(event: Event) -> None:
        if broken:
            raise ValueError("broken")
        leave_a_trace(event)

    events.on("thing.happened")(fail_until_mended)
    record()
    (delivery_id,) = events.relay().deliveries
    for _ in range(events.MAX_ATTEMPTS):
        events.deliver(delivery_id)

    assert EventDelivery.objects.get().state == EventDelivery.State.DEAD
    assert events.deliver(delivery_id) is False
    assert events.overdue() == []

    broken = False
    events.replay(delivery_id)

    assert events.overdue() == [delivery_id]
    assert events.deliver(delivery_id) is True
    assert Reference.objects.count() == 1


@pytest.mark.django_db
def test_pauses_between_attempts_grow():
    events.on("thing.happened")(lambda event: 1 / 0)
    record()
    (delivery_id,) = events.relay().deliveries
    pauses = []
    for _ in range(4):
        events.deliver(delivery_id)
        pauses.append(EventDelivery.objects.get().next_at - timezone.now())

    assert [round(pause / timedelta(seconds=10)) for pause in pauses] == [1, 3, 9, 27]


@pytest.mark.django_db
def test_an_outside_handler_gets_the_same_key_on_every_attempt():
    keys: list[str] = []

    def fail_once(event: Event, key: str) -> None:
        keys.append(key)
        if len(keys) == 1:
            raise OSError("no route to host")

    events.on("thing.happened", outside=True)(fail_once)
    record()
    (delivery_id,) = events.relay().deliveries

    events.deliver(delivery_id)
    EventDelivery.objects.update(next_at=timezone.now())
    events.deliver(delivery_id)

    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert EventDelivery.objects.get().state == EventDelivery.State.DONE


@pytest.mark.django_db
def test_an_outside_handler_whose_worker_died_is_taken_over_after_its_lease():
    events.on("thing.happened", outside=True)(lambda event, key: None)
    record()
    (delivery_id,) = events.relay().deliveries
    died_at = timezone.now()
    EventDelivery.objects.update(next_at=died_at + events.LEASE, attempts=1)

    assert events.deliver(delivery_id) is False

    EventDelivery.objects.update(next_at=died_at - events.SWEEP_AFTER)
    assert events.overdue() == [delivery_id]
    assert events.deliver(delivery_id) is True


@pytest.mark.django_db
def test_a_delivery_whose_handler_is_gone_waits_as_failed():
    events.on("thing.happened")(leave_a_trace)
    record()
    (delivery_id,) = events.relay().deliveries
    events._handlers.clear()

    assert events.deliver(delivery_id) is False

    assert "no handler is called" in EventDelivery.objects.get().error
