"""Clocks of processes differ by minutes; what is due is decided by the database's clock, the one they share."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core import signing
from django.db.models.functions import Now
from django.utils import timezone

from core import rate_limits
from core.context import Actor
from core.events import services as events
from core.events.models import Event, EventDelivery
from core.ids import uuid7

SYSTEM = Actor.system("test")
REAL = timezone.now

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the only handler sent, by its key."""
    keys: list[str] = []
    monkeypatch.setattr(events, "_handlers", {})
    events.on("thing.happened", outside=True)(lambda event, key: keys.append(key))
    return keys


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set this process's clock wrong by so many minutes."""

    def set_wrong(minutes: int) -> None:
        monkeypatch.setattr(timezone, "now", lambda: REAL() + timedelta(minutes=minutes))
        monkeypatch.setattr("time.time", lambda: datetime.now().timestamp() + 60 * minutes)  # noqa: DTZ005  local both

    return set_wrong


@pytest.mark.parametrize("relays", [-5, 0, 5])
@pytest.mark.parametrize("delivers", [-5, 0, 5])
def test_what_one_worker_relays_another_delivers_at_once(clock, sent, relays, delivers):
    clock(relays)
    events.record("thing.happened", ("thing", "1"), by=SYSTEM)
    (delivery_id,) = events.relay().deliveries

    clock(delivers)

    assert events.deliver(delivery_id) is True
    assert len(sent) == 1


def test_by_its_own_clock_a_slow_worker_would_not_take_it_for_minutes(clock):
    """The control: the question a worker would ask itself."""
    events.record("thing.happened", ("thing", "1"), by=SYSTEM)
    events.relay()

    clock(-5)

    assert not EventDelivery.objects.filter(next_at__lte=timezone.now()).exists()


def test_a_fast_worker_does_not_take_a_delivery_another_is_working_on(clock, sent):
    events.record("thing.happened", ("thing", "1"), by=SYSTEM)
    (delivery_id,) = events.relay().deliveries
    EventDelivery.objects.update(next_at=Now() + events.LEASE)

    clock(6)

    assert events.overdue() == []
    assert events.deliver(delivery_id) is False
    assert sent == []


def test_order_is_that_of_the_database_not_of_the_clocks(clock):
    for minutes in (5, -5, 0):
        clock(minutes)
        events.record("thing.happened", ("thing", str(minutes)), by=SYSTEM)

    assert list(Event.objects.order_by("id").values_list("subject_id", flat=True)) == ["5", "-5", "0"]


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_signature_of_another_process_holds_and_ends_within_minutes_of_its_time(clock, minutes):
    clock(minutes)
    signed = signing.dumps("cart")

    clock(0)

    assert signing.loads(signed, max_age=3600) == "cart"


@pytest.mark.parametrize("minutes", [-5, 5])
def test_a_limit_lets_through_what_it_should_within_a_window_whatever_the_clock(clock, minutes):
    key = uuid7().hex
    clock(minutes)

    taken = [rate_limits.hit("3/minute", key).allowed for _ in range(4)]

    assert taken == [True, True, True, False]
