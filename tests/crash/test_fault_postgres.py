"""PostgreSQL is restarted while people read and write: what was confirmed is there once, and nobody has to help."""

import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from django.db.models import QuerySet

from accounts.tests.factories import UserFactory
from chat.messages import queries
from chat.tests.factories import RoomFactory
from core.context import Actor
from core.events import services as events
from core.events.models import EventDelivery
from core.ids import uuid7
from shop.tests.factories import shop_ready
from shop.tests.pages import product_with
from tests.crash.conftest import wait_for
from tests.crash.parts import Services, Visitor, Web, Worker
from tests.crash.test_chat_survives_kill import session_of

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

READERS = WRITERS = 2


class Reader(threading.Thread):
    """Somebody who looks at one page after the other."""

    pause = 0.02

    def __init__(self, port: int, done: threading.Event) -> None:
        super().__init__(daemon=True)
        self.visitor, self.done = Visitor(port), done
        self.answers: list[tuple[float, int]] = []  # when it was asked, and what came

    def run(self) -> None:
        while not self.done.is_set():
            asked = time.monotonic()
            self.answers.append((asked, self.ask()))
            self.done.wait(self.pause)

    def ask(self) -> int:
        return self.visitor.get("/shop/p/mug/").status

    def failed(self, since: float = 0) -> int:
        return sum(status >= 400 for asked, status in self.answers if asked >= since)


class Writer(Reader):
    """Says something until it is confirmed, under one id, as the page's script and any careful program does."""

    pause = 0.25

    def __init__(self, port: int, done: threading.Event, session: str, room: str) -> None:
        super().__init__(port, done)
        self.visitor = Visitor(port, session)
        self.visitor.get("/account/profile/")  # has a form, and with it the token against forgery
        self.path = f"/api/v1/rooms/{room}/messages/"
        self.confirmed: list[str] = []
        self.words = str(uuid7())

    def ask(self) -> int:
        status = self.visitor.send(self.path, {"client_id": self.words, "body": self.words}).status
        if status < 300:
            self.confirmed.append(self.words)
            self.words = str(uuid7())
        return status


@pytest.fixture
def web(tmp_path: Path, free_port: int):
    shop_ready()
    product_with("mug", celadon=10)
    web = Web(tmp_path, free_port)
    yield web
    web.stop()


@pytest.mark.parametrize("away", [0.0, 8.0])
def test_a_restart_fails_what_it_interrupts_and_nothing_after_it(services: Services, web: Web, away: float):
    room, done = RoomFactory(), threading.Event()
    users = [session_of(UserFactory()) for _ in range(WRITERS)]
    people = [Reader(web.port, done) for _ in range(READERS)]
    people += [Writer(web.port, done, session, str(room.uid)) for session in users]
    for person in people:
        person.start()
    time.sleep(2)

    services.restart_postgres(away=away)
    back = time.monotonic()
    time.sleep(4)
    done.set()
    for person in people:
        person.join(20)

    room.refresh_from_db()
    truth = Counter(m["body"] for m in queries.get_changes(room, 0, limit=100_000).messages)
    confirmed = [words for person in people[READERS:] for words in person.confirmed]
    assert sum(person.failed(since=back) for person in people) == 0
    # A request waits five seconds for a connection, so a short absence fails at most what each was just asking.
    assert all(person.failed() <= 1 + away // 5 for person in people)
    assert len(confirmed) > 20
    assert [truth[words] for words in confirmed] == [1] * len(confirmed)
    assert set(truth.values()) == {1}


def deliveries(state: str) -> QuerySet[EventDelivery]:
    return EventDelivery.objects.filter(handler__startswith="tests.", state=state)


def test_a_worker_goes_on_after_a_restart(services: Services, tmp_path: Path):
    worker = Worker(tmp_path, "tests.crash.slow_handlers")
    try:
        events.record("test.inside", ("test", "before"), by=Actor.system("test"))
        assert wait_for(lambda: deliveries("pending").exists(), seconds=30)

        services.restart_postgres()
        events.record("test.inside", ("test", "after"), by=Actor.system("test"))

        assert wait_for(lambda: deliveries("done").count() == 2, seconds=40)
    finally:
        worker.stop()
