"""Where all sockets of a process meet: who follows which room, and what they are still to be told.

One pub/sub connection to Redis serves the process. What arrives is put in the order of revisions, room by room, and the
same text goes to everyone who follows. Redis is only an accelerator: every two seconds one query compares the rooms
followed here with the database, and whatever was missed is read from there. docs/chat-protocol.md has the failures.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from chat.delivery import bus, protocol
from chat.messages import queries
from chat.realtime import presence
from chat.realtime.following import Feed, Follower, Socket
from chat.realtime.threads import in_db
from chat.realtime.watching import Watchers
from chat.rooms import queries as room_queries
from chat.rooms.models import Room
from core.circuit_breaker import breaker
from core.metrics import definitions

log = structlog.get_logger(__name__)

POLL = 2.0
POLL_WITHOUT_REDIS = 0.25
# Publishers race after their commits: a gap in the revisions mostly closes by itself within this time.
GRACE = 0.05
LONGEST_BACKOFF = 5.0
QUIET_REDIS = 15.0
COMMAND_TIMEOUT = 0.5
TURN_OF_A_PAGE = 0.8


class Hub:
    """Lives as long as a socket is open in its event loop: the first starts its tasks, the last stops them."""

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self.feeds: dict[int, Feed] = {}
        self.watchers = Watchers()
        self.is_redis_up = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._redis: Redis | None = None
        self._tried = asyncio.Event()

    def enter(self, socket: Socket) -> None:
        if not self.sockets:
            self._redis = _client(socket_timeout=COMMAND_TIMEOUT)
            self._tried = asyncio.Event()
            self._spawn(self._listen(self._tried))
            self._spawn(self._poll())
        self.sockets.add(socket)
        definitions.SOCKETS.inc()

    async def leave(self, socket: Socket) -> None:
        if socket in self.sockets:
            self.sockets.remove(socket)
            definitions.SOCKETS.dec()
        for room_id in [room_id for room_id, feed in self.feeds.items() if socket in feed.followers]:
            self.unfollow(socket, room_id)
        self.watchers.leave(socket)
        if not self.sockets:
            await self._stop()

    async def depart(self, socket: Socket, connection: str, rooms: Collection[Room]) -> None:
        """Tell the rooms that somebody has gone, unless they come back at once, as who opens another page does."""
        if len(self.sockets) == 1:  # this process is about to stop listening
            await self._depart(socket.user_uid, connection, rooms)
        else:
            self._spawn(self._depart(socket.user_uid, connection, rooms, TURN_OF_A_PAGE))

    async def _depart(self, user_uid: str, connection: str, rooms: Collection[Room], pause: float = 0) -> None:
        await asyncio.sleep(pause)
        if await presence.leave(self, user_uid, connection):
            for room in rooms:
                gone = protocol.presence(room.uid, {user_uid: presence.gone_at()})
                await self.publish_passing(room.pk, gone)

    def sockets_of(self, user_uid: str) -> list[Socket]:
        return [socket for socket in self.sockets if socket.user_uid == user_uid]

    def follow(self, socket: Socket, room: Room) -> Follower:
        """Register first, read afterwards, then `Follower.begin`: so nothing falls between reading and following."""
        feed = self.feeds.setdefault(room.pk, Feed(room))
        follower = feed.followers[socket] = Follower(socket)
        return follower

    def unfollow(self, socket: Socket, room_id: int) -> None:
        feed = self.feeds.get(room_id)
        if feed is None:
            return
        feed.followers.pop(socket, None)
        if not feed.followers:
            del self.feeds[room_id]

    def started(self, room: Room, head: int) -> None:
        """A reading of the room was complete at `head`."""
        if feed := self.feeds.get(room.pk):
            feed.start(head)

    def heads(self, socket: Socket) -> dict[str, int]:
        """What the socket should know of its rooms."""
        mine = (feed for feed in self.feeds.values() if socket in feed.followers)
        return {str(feed.room.uid): feed.head for feed in mine if feed.head is not None}

    def pass_along(self, room_id: int, text: str, but: Socket | None = None) -> None:
        """Tell everyone who follows here something that may be lost."""
        if feed := self.feeds.get(room_id):
            for socket in [socket for socket in feed.followers if socket is not but]:
                socket.push(text)

    async def publish_passing(self, room_id: int, text: str) -> None:
        """Tell everyone who follows anywhere; without Redis those of this process."""
        published = await self.command(lambda redis: redis.publish(bus.channel_of(room_id), bus.passing(room_id, text)))
        if published is None:
            self.pass_along(room_id, text)

    async def command(self, run: Callable[[Redis], Awaitable[Any]]) -> Any:
        """Ask Redis something that may fail; None when it cannot be reached."""
        await self._tried.wait()
        guard = breaker(settings.REDIS_BUS_URL)
        if self._redis is None or not self.is_redis_up or guard.is_resting:
            return None
        try:
            return await run(self._redis)
        except (RedisError, TimeoutError):
            guard.failed()
        return None

    def receive(self, envelope: bus.Envelope) -> None:
        """One thing heard on the bus."""
        match envelope.kind:
            case "u":
                for socket in self.sockets_of(envelope.key):
                    socket.recheck()
            case "m":
                self.watchers.tell_person(envelope.key, envelope.text)
            case "d":
                self.watchers.tell_desk()
            case "p":
                self.pass_along(int(envelope.key), envelope.text)
            case "c":
                self._receive_change(int(envelope.key), envelope)
            case _:
                raise ValueError(envelope.kind)

    def _receive_change(self, room_id: int, envelope: bus.Envelope) -> None:
        feed = self.feeds.get(room_id)
        if feed is not None and feed.take(envelope.rev, envelope.text):
            self._repair_soon(feed, GRACE)
        self.watchers.tell_of_change(room_id, envelope.text, but=feed.followers if feed else ())

    async def _listen(self, tried: asyncio.Event) -> None:
        """Hear the bus; after every (re)connection look for what was missed meanwhile."""
        backoff = 0.1
        while True:
            redis = _client(socket_timeout=None)
            try:
                async with redis.pubsub() as pubsub:
                    await pubsub.subscribe(*bus.channels())
                    self.is_redis_up, backoff = True, 0.1
                    tried.set()
                    await self._compare_safely()
                    await self._hear(pubsub)
            except (RedisError, OSError, TimeoutError):
                log.warning("chat_bus_lost", retry_after=backoff, exc_info=True)
            finally:
                self.is_redis_up = False
                tried.set()
                await redis.aclose()
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, LONGEST_BACKOFF)

    async def _hear(self, pubsub: Any) -> None:
        """Until the connection ends. One that died without a word does not answer a ping, and counts as ended."""
        heard_at = time.monotonic()
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=QUIET_REDIS / 3)
            silence = time.monotonic() - heard_at
            if message is not None:
                heard_at = time.monotonic()
                if message["type"] == "message":
                    self._receive_safely(message["data"])
            elif silence > 2 * QUIET_REDIS:
                raise RedisConnectionError("silent")
            elif silence > QUIET_REDIS:
                await pubsub.ping()

    def _receive_safely(self, data: bytes) -> None:
        try:
            self.receive(bus.opened(data))
        except ValueError:
            log.warning("chat_bus_nonsense", size=len(data))

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL if self.is_redis_up else POLL_WITHOUT_REDIS)
            await self._compare_safely()

    async def _compare_safely(self) -> None:
        try:
            await self._compare()
        except Exception:  # the database may be away; the next round asks again
            log.exception("chat_poll_failed")

    async def _compare(self) -> None:
        """Rooms whose database is ahead of us are read; one query for all rooms followed here."""
        if not self.feeds:
            return
        for room_id, head in (await in_db(room_queries.heads, list(self.feeds))).items():
            feed = self.feeds.get(room_id)
            if feed is not None and feed.head is not None and feed.head < head:
                self._repair_soon(feed, GRACE)

    def _repair_soon(self, feed: Feed, delay: float) -> None:
        if not feed.repairing:
            feed.repairing = True
            self._spawn(self._repair(feed, delay))

    async def _repair(self, feed: Feed, delay: float) -> None:
        """Read what is missing and pass it on, unless it has come meanwhile."""
        try:
            await asyncio.sleep(delay)
            more = True
            while more and feed.head is not None and feed.followers:
                changes = await in_db(_read_again, feed.room.pk, feed.head)
                text = protocol.sync(feed.room.uid, changes.messages, head=changes.head, more=changes.more)
                feed.catch_up(changes.head, text)
                more = changes.more
        except Exception:  # the next poll sees the gap again
            log.exception("chat_repair_failed")
        finally:
            feed.repairing = False

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop(self) -> None:
        tasks, self._tasks = list(self._tasks), set()
        redis, self._redis = self._redis, None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if redis is not None:
            await redis.aclose()


def _read_again(room_id: int, rev: int) -> queries.Changes:
    return queries.changes_after(Room.objects.get(pk=room_id), rev)


def _client(socket_timeout: float | None) -> Redis:
    return Redis.from_url(
        settings.REDIS_BUS_URL,
        socket_timeout=socket_timeout,
        socket_connect_timeout=1,
        retry=Retry(NoBackoff(), 0),  # a lost connection must be known at once: what was missed is read then
    )


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def current() -> Hub:
    """The hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
