"""Fixtures for chat tests."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from accounts.users.models import User
from chat.rooms.models import Room
from chat.tests.factories import RoomFactory
from core.composition import cards
from core.composition.cards import Card


@pytest.fixture
def ada(db: None) -> User:
    return UserFactory(email="ada@example.com", name="Ada Ash")


@pytest.fixture
def ben(db: None) -> User:
    return UserFactory(email="ben@example.com", name="Ben Bisque")


@pytest.fixture
def room(db: None) -> Any:
    """A public room without members."""
    return RoomFactory(title="Glaze talk", slug="glaze-talk")


@pytest.fixture
def statements(django_assert_max_num_queries: Any) -> Any:
    """The SQL a block ran, without what opens and closes transactions."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    class Statements(CaptureQueriesContext):
        def __init__(self) -> None:
            super().__init__(connection)

        @property
        def sql(self) -> list[str]:
            control = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")
            return [query["sql"] for query in self.captured_queries if not query["sql"].startswith(control)]

    return Statements


def reload(room: Room) -> Room:
    return Room.objects.get(pk=room.pk)


# Only ever waited for on a busy machine; what is to come is on its way already.
PATIENCE = 30


class Client:
    """A client of the socket that sends requests and waits for responses."""

    def __init__(
        self,
        user: User | None,
        origin: str = "http://localhost",
        request_id: str = "",
        address: str = "",
        path: str = "/ws/talk/",
        **scope: Any,
    ) -> None:
        from asgiref.testing import ApplicationCommunicator

        from config.asgi import application

        headers = [
            (b"host", b"localhost"),
            *scope.pop("headers", []),
            *([(b"origin", origin.encode())] if origin else []),
        ]
        if request_id:
            headers.append((b"x-request-id", request_id.encode()))
        if user is not None:
            self.session = session_of(user)
            headers.append((b"cookie", f"session={self.session}".encode()))
        scope |= {"type": "websocket", "path": path, "query_string": b"", "headers": headers, "subprotocols": []}
        if address:
            scope["client"] = (address, 4711)
        self.wire = ApplicationCommunicator(application, scope)
        self.refs = 0
        self.buffered: list[dict[str, Any]] = []

    async def knock(self) -> bool:
        """Whether the server takes the socket."""
        await self.wire.send_input({"type": "websocket.connect"})
        return (await self.wire.receive_output(PATIENCE))["type"] == "websocket.accept"

    async def open(self) -> "Client":
        assert await self.knock()
        await self.tell("hello", proto=1)
        self.welcome = await self.hear("welcome")
        return self

    async def tell(self, kind: str, **rest: Any) -> None:
        await self.wire.send_input({"type": "websocket.receive", "text": json.dumps({"type": kind, **rest})})

    async def ask(self, kind: str, **rest: Any) -> dict[str, Any]:
        """Send a request and wait for its `ok` or `err`."""
        self.refs += 1
        await self.tell(kind, ref=str(self.refs), **rest)
        return await self.hear("ok", "err")

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """Return the next frame of these types, and buffer the others."""
        for place, frame in enumerate(self.buffered):
            if frame["type"] in kinds:
                return self.buffered.pop(place)
        while True:
            output = await self.wire.receive_output(PATIENCE)
            assert output["type"] == "websocket.send", output
            frame = json.loads(output["text"])
            if frame["type"] in kinds:
                return frame
            self.buffered.append(frame)

    async def closed(self) -> int:
        """The code with which the server closes, passing over what else comes."""
        while True:
            output = await self.wire.receive_output(PATIENCE)
            if output["type"] == "websocket.close":
                return int(output["code"])

    async def close(self) -> None:
        await self.wire.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.wire.wait(PATIENCE)


def session_of(user: User) -> str:
    """A signed-in session's key."""
    from django.test import Client as Browser

    browser = Browser()
    browser.force_login(user)
    return str(browser.cookies["session"].value)


@pytest.fixture
async def connect(transactional_db: None) -> Any:
    """Opens sockets, and closes them at the end."""
    opened: list[Client] = []

    async def connect(user: User, **more: Any) -> Client:
        from chat.realtime.threads import run_in_db_thread

        client = await run_in_db_thread(lambda: Client(user, **more))
        opened.append(client)
        return await client.open()

    yield connect
    for client in opened:
        await client.close()


@pytest.fixture
def things() -> Iterator[None]:
    """An order of Ada's and a piece that everyone may see, as other apps would give their cards."""
    saved = dict(cards._resolvers)
    cards._resolvers["thing"] = lambda ids, viewer: {i: Card("thing", i, f"Thing {i}", f"/things/{i}/") for i in ids}

    def orders(ids: list[str], viewer: Any) -> dict[str, Card]:
        own = viewer.user is not None and (viewer.user.email == "ada@example.com" or viewer.user.is_staff)
        return {i: Card("order", i, f"Order {i}", f"/orders/{i}/") for i in ids} if own else {}

    cards._resolvers["order"] = orders
    cards._resolvers["post"] = lambda ids, viewer: {i: Card("post", i, f"Post {i}", f"/posts/{i}/") for i in ids}
    yield
    cards._resolvers.clear()
    cards._resolvers.update(saved)
