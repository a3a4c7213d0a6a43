"""The queue is lost while a worker works: what it does is done, nothing is forgotten, and the same worker goes on."""

import time
from pathlib import Path

import pytest

from core.events.models import EventDelivery
from tests.crash.conftest import wait_for
from tests.crash.parts import Services, Worker
from tests.crash.test_fault_worker import done, handling, noted, record

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

# Back while the handler is still at work, which takes three seconds, and long after it.
AWAY = [0.0, 7.0]


@pytest.fixture
def worker(tmp_path: Path):
    worker = Worker(tmp_path, "tests.crash.slow_handlers")
    yield worker
    worker.stop()


@pytest.mark.parametrize("away", AWAY)
def test_what_it_was_changing_is_changed_once(services: Services, worker: Worker, away: float):
    record("test.inside")
    assert wait_for(handling, seconds=40)

    services.kill_valkey()
    # Said while nobody can hear it: the database remembers.
    record("test.inside", "2")
    time.sleep(away)
    services.start_valkey()

    assert wait_for(lambda: done() == 2, seconds=60)
    assert noted("changed") == 2
    assert worker.process.poll() is None, "another would have to be started"


@pytest.mark.parametrize("away", AWAY)
def test_what_it_was_sending_is_sent_with_the_same_key_until_it_is_done(
    services: Services, worker: Worker, away: float
):
    record("test.outside")
    assert wait_for(lambda: noted("began") == 1, seconds=40)

    services.kill_valkey()
    time.sleep(away)
    services.start_valkey()

    assert wait_for(done, seconds=60)
    delivery = EventDelivery.objects.get(handler__endswith="send_something")
    assert noted("sent") >= 1
    assert delivery.attempts == noted("began") <= 2
    record("test.inside")
    assert wait_for(lambda: done() == 2, seconds=60)
    assert worker.process.poll() is None, "another would have to be started"
