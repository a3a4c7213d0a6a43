"""The meeting point of all sockets of a process: which room each follows, and what to deliver.

One pub/sub connection to Redis serves the process. Changes are ordered by revision for each room, and the same text
goes to every follower. Redis only speeds up delivery: every two seconds one query compares followed rooms with the
database, and missed changes are read from there. docs/chat-protocol.md lists the failure cases.
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
from chat.realtime.following import Follower, RoomFeed, Socket
from chat.realtime.threads import run_in_db_thread
from chat.realtime.watching import Watchers
from chat.rooms import queries as room_queries
from chat.rooms.models import Room
from core.circuit_breaker import get_circuit_breaker
from core.metrics import definitions

log = structlog.get_logger(__name__)

POLL_INTERVAL_SECONDS = 2.0
POLL_INTERVAL_WITHOUT_REDIS_SECONDS = 0.25
# Publishers race after their commits: most gaps in the revisions close within this time.
REPAIR_DELAY_SECONDS = 0.05
MAX_BACKOFF_SECONDS = 5.0
REDIS_PING_AFTER_SECONDS = 15.0
COMMAND_TIMEOUT_SECONDS = 0.5
RECONNECT_GRACE_SECONDS = 0.8


class Hub:
    """Lives while a socket is open in its event loop: the first starts its tasks, the last stops them."""

    def __init__(self) -> None:
        self.sockets: set[Socket] = set()
        self.feeds: dict[int, RoomFeed] = {}
        self.watchers = Watchers()
        self.is_redis_up = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._redis: Redis | None = None
        self._tried = asyncio.Event()

    def add_socket(self, socket: Socket) -> None:
        if not self.sockets:
            self._redis = _client(socket_timeout=COMMAND_TIMEOUT_SECONDS)
            self._tried = asyncio.Event()
            self._spawn(self._listen(self._tried))
            self._spawn(self._poll())
        self.sockets.add(socket)
        definitions.SOCKETS.inc()

    async def remove_socket(self, socket: Socket) -> None:
        if socket in self.sockets:
            self.sockets.remove(socket)
            definitions.SOCKETS.dec()
        for room_id in [room_id for room_id, feed in self.feeds.items() if socket in feed.followers]:
            self.unfollow(socket, room_id)
        self.watchers.remove_socket(socket)
        if not self.sockets:
            await self._stop()

    async def announce_departure(self, socket: Socket, connection: str, rooms: Collection[Room]) -> None:
        """Publish that a user went offline, unless they reconnect at once, as when they open another page."""
        if len(self.sockets) == 1:  # this hub is about to stop
            await self._publish_departure(socket.user_uid, connection, rooms)
        else:
            self._spawn(self._publish_departure(socket.user_uid, connection, rooms, RECONNECT_GRACE_SECONDS))

    async def _publish_departure(
        self, user_uid: str, connection: str, rooms: Collection[Room], pause: float = 0
    ) -> None:
        await asyncio.sleep(pause)
        if await presence.leave(self, user_uid, connection):
            for room in rooms:
                gone = protocol.presence(room.uid, {user_uid: presence.get_offline_timestamp()})
                await self.publish_ephemeral(room.pk, gone)

    def get_sockets(self, user_uid: str) -> list[Socket]:
        return [socket for socket in self.sockets if socket.user_uid == user_uid]

    def follow(self, socket: Socket, room: Room) -> Follower:
        """Register a follower before reading the room, then call `Follower.start`, so that no change is lost."""
        feed = self.feeds.setdefault(room.pk, RoomFeed(room))
        follower = feed.followers[socket] = Follower(socket)
        return follower

    def unfollow(self, socket: Socket, room_id: int) -> None:
        feed = self.feeds.get(room_id)
        if feed is None:
            return
        feed.followers.pop(socket, None)
        if not feed.followers:
            del self.feeds[room_id]

    def start_feed(self, room: Room, head: int) -> None:
        """Start the feed at the revision of a completed read."""
        if feed := self.feeds.get(room.pk):
            feed.start(head)

    def get_heads(self, socket: Socket) -> dict[str, int]:
        """Return the revisions of the socket's rooms."""
        mine = (feed for feed in self.feeds.values() if socket in feed.followers)
        return {str(feed.room.uid): feed.head for feed in mine if feed.head is not None}

    def push_ephemeral(self, room_id: int, text: str, but: Socket | None = None) -> None:
        """Send an ephemeral frame to all followers in this process."""
        if feed := self.feeds.get(room_id):
            for socket in [socket for socket in feed.followers if socket is not but]:
                socket.push(text)

    async def publish_ephemeral(self, room_id: int, text: str) -> None:
        """Send an ephemeral frame to all followers everywhere; without Redis only in this process."""
        published = await self.run_redis_command(
            lambda redis: redis.publish(bus.get_channel(room_id), bus.encode_ephemeral(room_id, text))
        )
        if published is None:
            self.push_ephemeral(room_id, text)

    async def run_redis_command(self, run: Callable[[Redis], Awaitable[Any]]) -> Any:
        """Run a Redis command. Returns None if Redis cannot be reached."""
        await self._tried.wait()
        guard = get_circuit_breaker(settings.REDIS_BUS_URL)
        if self._redis is None or not self.is_redis_up or guard.is_open:
            return None
        try:
            return await run(self._redis)
        except (RedisError, TimeoutError):
            guard.record_failure()
        return None

    def receive(self, envelope: bus.Envelope) -> None:
        """Handle a message from the bus."""
        match envelope.kind:
            case "u":
                for socket in self.get_sockets(envelope.key):
                    socket.recheck()
            case "m":
                self.watchers.push_to_person(envelope.key, envelope.text)
            case "d":
                self.watchers.push_desk_change()
            case "p":
                self.push_ephemeral(int(envelope.key), envelope.text)
            case "c":
                self._receive_change(int(envelope.key), envelope)
            case _:
                raise ValueError(envelope.kind)

    def _receive_change(self, room_id: int, envelope: bus.Envelope) -> None:
        feed = self.feeds.get(room_id)
        if feed is not None and feed.receive_change(envelope.rev, envelope.text):
            self._schedule_repair(feed, REPAIR_DELAY_SECONDS)
        self.watchers.push_change(room_id, envelope.text, but=feed.followers if feed else ())

    async def _listen(self, tried: asyncio.Event) -> None:
        """Read the bus. After every (re)connection check for missed changes."""
        backoff = 0.1
        while True:
            redis = _client(socket_timeout=None)
            try:
                async with redis.pubsub() as pubsub:
                    await pubsub.subscribe(*bus.get_channels())
                    self.is_redis_up, backoff = True, 0.1
                    tried.set()
                    await self._check_heads_safely()
                    await self._read_messages(pubsub)
            except (RedisError, OSError, TimeoutError):
                log.warning("chat_bus_lost", retry_after=backoff, exc_info=True)
            finally:
                self.is_redis_up = False
                tried.set()
                await redis.aclose()
            await asyncio.sleep(backoff)
            backoff = min(backoff * 2, MAX_BACKOFF_SECONDS)

    async def _read_messages(self, pubsub: Any) -> None:
        """Read until the connection ends. A dead connection does not answer a ping and counts as ended."""
        heard_at = time.monotonic()
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=REDIS_PING_AFTER_SECONDS / 3)
            write_denial = time.monotonic() - heard_at
            if message is not None:
                heard_at = time.monotonic()
                if message["type"] == "message":
                    self._receive_safely(message["data"])
            elif write_denial > 2 * REDIS_PING_AFTER_SECONDS:
                raise RedisConnectionError("silent")
            elif write_denial > REDIS_PING_AFTER_SECONDS:
                await pubsub.ping()

    def _receive_safely(self, data: bytes) -> None:
        try:
            self.receive(bus.parse_envelope(data))
        except ValueError:
            log.warning("chat_bus_nonsense", size=len(data))

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_INTERVAL_SECONDS if self.is_redis_up else POLL_INTERVAL_WITHOUT_REDIS_SECONDS)
            await self._check_heads_safely()

    async def _check_heads_safely(self) -> None:
        try:
            await self._check_heads()
        except Exception:  # the database may be unavailable; the next poll tries again
            log.exception("chat_poll_failed")

    async def _check_heads(self) -> None:
        """Repair rooms whose database revision is ahead. One query for all followed rooms."""
        if not self.feeds:
            return
        for room_id, head in (await run_in_db_thread(room_queries.get_heads, list(self.feeds))).items():
            feed = self.feeds.get(room_id)
            if feed is not None and feed.head is not None and feed.head < head:
                self._schedule_repair(feed, REPAIR_DELAY_SECONDS)

    def _schedule_repair(self, feed: RoomFeed, delay: float) -> None:
        if not feed.repairing:
            feed.repairing = True
            self._spawn(self._repair(feed, delay))

    async def _repair(self, feed: RoomFeed, delay: float) -> None:
        """Read and deliver missing changes, unless they arrived in the meantime."""
        try:
            await asyncio.sleep(delay)
            more = True
            while more and feed.head is not None and feed.followers:
                changes = await run_in_db_thread(_read_changes, feed.room.pk, feed.head)
                text = protocol.sync(feed.room.uid, changes.messages, head=changes.head, more=changes.more)
                feed.catch_up(changes.head, text)
                more = changes.more
        except Exception:  # the next poll finds the gap again
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


def _read_changes(room_id: int, rev: int) -> queries.Changes:
    return queries.get_changes(Room.objects.get(pk=room_id), rev)


def _client(socket_timeout: float | None) -> Redis:
    return Redis.from_url(
        settings.REDIS_BUS_URL,
        socket_timeout=socket_timeout,
        socket_connect_timeout=1,
        retry=Retry(NoBackoff(), 0),  # detect a lost connection at once, to read what was missed
    )


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def get_hub() -> Hub:
    """Return the hub of the running event loop."""
    return _hubs.setdefault(asyncio.get_running_loop(), Hub())
