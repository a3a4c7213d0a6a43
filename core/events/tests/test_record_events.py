"""The event log is written with the business transaction and then never changes."""

import pytest
from django.db import IntegrityError, connection, transaction

from core import context
from core.context import Actor
from core.events import services as events
from core.events.models import Event

SYSTEM = Actor.system("test")


@pytest.mark.django_db
def test_an_event_holds_who_what_and_the_request():
    with context.bind(request_id="request-1234"):
        events.record("order.paid", ("order", "A-1"), by=Actor("user", "u1"), amount=1250)

    event = Event.objects.get()
    assert (event.name, event.subject_kind, event.subject_id) == ("order.paid", "order", "A-1")
    assert (event.actor_kind, event.actor_id, event.request_id) == ("user", "u1", "request-1234")
    assert event.data == {"amount": 1250}
    assert event.dispatched_at is None


@pytest.mark.django_db
def test_an_event_goes_with_the_transaction_that_fails():
    def fail_after_recording() -> None:
        with transaction.atomic():
            events.record("order.paid", ("order", "A-1"), by=SYSTEM)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_recording()

    assert not Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    ["name = 'order.refunded'", "data = '{}'", "at = now()", "actor_id = 'someone else'", "uid = gen_random_uuid()"],
)
def test_the_database_refuses_to_change_a_fact(change):
    event = events.record("order.paid", ("order", "A-1"), by=SYSTEM, amount=1)

    with pytest.raises(IntegrityError, match="facts"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE core_event SET {change} WHERE id = %s", [event.pk])

    unchanged = Event.objects.get()
    assert (unchanged.name, unchanged.data, unchanged.actor_id) == ("order.paid", {"amount": 1}, "test")


@pytest.mark.django_db
def test_the_database_refuses_to_delete_an_event():
    event = events.record("order.paid", ("order", "A-1"), by=SYSTEM)

    with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
        event.delete()

    assert Event.objects.filter(pk=event.pk).exists()


@pytest.mark.django_db
def test_dispatching_is_not_a_fact():
    event = events.record("order.paid", ("order", "A-1"), by=SYSTEM)

    events.relay()

    event.refresh_from_db()
    assert event.dispatched_at is not None
