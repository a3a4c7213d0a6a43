"""Socket servers are killed while people talk. What was acknowledged is there, once; nobody misses or repeats a thing.

Two real servers, killed and started again one after the other under load. People behave as the page's script does:
they resend what is not acknowledged under the same id, and resume from the last revision they know.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client as Browser
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from accounts.tests.factories import UserFactory
from chat.messages import queries
from chat.messages.models import Message
from chat.rooms.models import Room
from chat.tests.factories import RoomFactory

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]

TALKERS = 4
SECONDS = 6.0
SERVE = """
import sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
import uvicorn
uvicorn.run("config.asgi:application", fd=int(sys.argv[2]), log_level="warning", ws_per_message_deflate=False)
"""


class Server:
    """One socket server behind a port that stays the same, and takes connections, however often it is killed."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/ws/talk/"
        self.start()

    def start(self) -> None:
        name = connection.settings_dict["NAME"]
        number = self.listener.fileno()
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, name, str(number)],
            cwd=settings.BASE_DIR,
            env={**os.environ, "AGORA_ROLE": "realtime", "ALLOWED_HOSTS": "127.0.0.1", "DB_POOL": "4"},
            pass_fds=[number],
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.kill()
        self.listener.close()


class Talker:
    """A person at a page: an outbox, a log, and a socket that comes back."""

    def __init__(self, session: str, room: Room, address: str) -> None:
        self.session, self.room, self.address = session, str(room.uid), address
        self.outbox: dict[str, str] = {}
        self.acknowledged: dict[str, int] = {}
        self.log: dict[int, dict] = {}
        self.shown: list[str] = []
        self.rev = 0
        self.lost = 0

    async def live(self, until: float) -> None:
        while time.monotonic() < until or self.outbox:
            with suppress(OSError, WebSocketException, TimeoutError, asyncio.IncompleteReadError):
                await self._connected(until)
            self.lost += 1
            await asyncio.sleep(0.1)

    async def _connected(self, until: float) -> None:
        headers = {"Cookie": f"session={self.session}"}
        async with connect(
            self.address, origin=origin_of(self.address), additional_headers=headers, compression=None, close_timeout=1
        ) as wire:
            await wire.send(json.dumps({"type": "hello", "proto": 1}))
            await wire.send(json.dumps({"type": "sub", "ref": "sub", "room": self.room, "rev": self.rev}))
            for cid, body in self.outbox.items():
                await self._say(wire, cid, body)
            talking = asyncio.create_task(self._talk(wire, until))
            try:
                while time.monotonic() < until or self.outbox:
                    with suppress(TimeoutError):
                        self._hear(json.loads(await asyncio.wait_for(wire.recv(), 0.5)))
            finally:
                talking.cancel()

    async def _talk(self, wire, until: float) -> None:
        while time.monotonic() < until:
            cid, body = str(uuid4()), f"at {time.monotonic()}"
            self.outbox[cid] = body
            await self._say(wire, cid, body)
            await asyncio.sleep(0.25)

    async def _say(self, wire, cid: str, body: str) -> None:
        await wire.send(json.dumps({"type": "send", "ref": cid, "room": self.room, "cid": cid, "body": body}))

    def _hear(self, frame: dict) -> None:
        match frame["type"]:
            case "ok" if frame["ref"] in self.outbox:
                self.acknowledged[frame["ref"]] = frame["seq"]
                del self.outbox[frame["ref"]]
            case "msg" | "chg" if frame["message"]["rev"] > self.rev:
                assert frame["message"]["rev"] == self.rev + 1, "a gap was not closed before what followed"
                self._show(frame["message"])
                self.rev = frame["message"]["rev"]
            case "sync":
                for message in frame["messages"]:
                    self._show(message)
                self.rev = max(self.rev, frame["head"])
            case "reset" | "bye":
                raise AssertionError(frame)

    def _show(self, message: dict) -> None:
        if message["rev"] <= self.log.get(message["seq"], {"rev": 0})["rev"]:
            return
        self.log[message["seq"]] = message
        self.shown.append(message["uid"])


@pytest.fixture
def servers():
    pair = [Server(), Server()]
    yield pair
    for server in pair:
        server.stop()


def origin_of(address: str) -> str:
    """The origin of a page that opens this socket."""
    parts = urlsplit(address)
    return f"{parts.scheme.replace('ws', 'http')}://{parts.netloc}"


async def until_it_serves(server: Server, session: str) -> None:
    """Connections wait in the listener until the process takes them."""
    headers = {"Cookie": f"session={session}"}
    async with connect(server.address, origin=origin_of(server.address), additional_headers=headers, open_timeout=30):
        return


async def kill_in_turn(servers: list[Server], until: float) -> None:
    turn = 0
    while time.monotonic() < until:
        await asyncio.sleep(2.0)
        server = servers[turn % 2]
        server.kill()
        server.start()
        turn += 1


def session_of(user) -> str:
    browser = Browser()
    browser.force_login(user)
    return browser.cookies["session"].value


def test_killed_servers_lose_nothing_acknowledged_and_show_nothing_twice(servers):
    room = RoomFactory()
    talkers = [Talker(session_of(UserFactory()), room, servers[n % 2].address) for n in range(TALKERS)]

    async def play() -> None:
        await asyncio.gather(*(until_it_serves(server, talkers[0].session) for server in servers))
        until = time.monotonic() + SECONDS
        async with asyncio.timeout(60):
            killing = asyncio.create_task(kill_in_turn(servers, until - 2))
            await asyncio.gather(*(talker.live(until) for talker in talkers))
            await killing
            # One more look by everyone, after all is quiet.
            await asyncio.gather(*(talker.live(time.monotonic() + 2.5) for talker in talkers))

    asyncio.run(play())

    room.refresh_from_db()
    truth = {m["seq"]: m for m in queries.get_changes(room, 0, limit=10_000).messages}
    said = sum(len(talker.acknowledged) for talker in talkers)
    assert said > TALKERS * 5, "too little was said for the test to mean anything"
    assert sum(talker.lost for talker in talkers) > TALKERS, "nobody lost a connection"
    assert sorted(truth) == list(range(1, room.last_seq + 1))
    for talker in talkers:
        for cid, seq in talker.acknowledged.items():
            assert Message.objects.get(client_id=UUID(cid)).seq == seq
        assert talker.log == truth
        assert len(talker.shown) == len(set(talker.shown)) == len(truth)
