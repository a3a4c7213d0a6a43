"""A worker is killed while it handles something: effects in our database happen once, others again with their key."""

from pathlib import Path

import pytest
from django.db import connection

from core.composition.models import Reference
from core.context import Actor
from core.events import services as events
from core.events.models import EventDelivery
from tests.crash.conftest import wait_for
from tests.crash.parts import Services, Worker

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def worker(tmp_path: Path):
    worker = Worker(tmp_path, "tests.crash.slow_handlers")
    yield worker
    worker.stop()


def noted(what: str) -> int:
    return Reference.objects.filter(target_kind=what).count()


def done() -> int:
    """How many deliveries to our slow handlers are done."""
    return EventDelivery.objects.filter(handler__startswith="tests.", state="done").count()


def record(name: str, subject: str = "1") -> None:
    events.record(name, ("test", subject), by=Actor.system("test"))


def handling() -> bool:
    """Whether a transaction has taken the delivery and has not ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


def test_what_it_was_changing_is_undone_and_done_once_by_the_next(services: Services, worker: Worker):
    record("test.inside")
    assert wait_for(handling, seconds=40)

    worker.kill()
    assert (noted("changed"), done()) == (0, 0)
    worker.start()

    assert wait_for(done, seconds=60)
    assert noted("changed") == 1


def test_what_it_was_sending_is_sent_again_after_its_lease(services: Services, worker: Worker):
    record("test.outside")
    assert wait_for(lambda: noted("began") == 1, seconds=40)

    worker.kill()
    assert (noted("sent"), done()) == (0, 0)
    worker.start()

    assert wait_for(done, seconds=60)
    delivery = EventDelivery.objects.get(handler__startswith="tests.")
    assert (noted("began"), noted("sent"), delivery.attempts) == (2, 1, 2)
