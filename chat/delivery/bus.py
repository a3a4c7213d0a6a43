"""Publish committed changes to every process with sockets, over sixteen fixed Redis channels.

The bus only speeds up delivery. What is published is already committed, and hubs find lost messages by polling the
database. Publishing therefore gives up quickly and never fails its caller.
"""

from dataclasses import dataclass
from functools import cache

import structlog
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from core import circuit_breaker

log = structlog.get_logger(__name__)

CHANNEL_COUNT = 16
TIMEOUT_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Envelope:
    """`kind` is "c" for a change with its `rev`, "p" for an ephemeral frame (typing, seen), "u" to recheck a user's
    access, "m" for all sockets of a user, "d" for a change of the desk.
    """

    kind: str
    key: str
    rev: int
    text: str


def get_channels() -> list[str]:
    return [_channel_name(number) for number in range(CHANNEL_COUNT)]


def publish_change(room_id: int, rev: int, frame: str) -> None:
    """Publish a committed change to all hubs. `frame` is the text that sockets receive."""
    _publish(room_id % CHANNEL_COUNT, f"c {room_id} {rev} {frame}")


def publish_ephemeral(room_id: int, frame: str) -> None:
    """Publish a frame that may be lost."""
    _publish(room_id % CHANNEL_COUNT, encode_ephemeral(room_id, frame))


def publish_recheck(user_uid: str) -> None:
    """Recheck every socket of a user after a sign-out or a change of membership."""
    _publish(0, f"u {user_uid} 0 ")


def publish_personal(user_uid: str, frame: str) -> None:
    """Publish a frame to every socket of a user that watches the room list."""
    _publish(0, f"m {user_uid} 0 {frame}")


def publish_desk() -> None:
    """Notify everyone who watches the desk of a change."""
    _publish(0, "d desk 0 ")


def encode_ephemeral(room_id: int, frame: str) -> str:
    return f"p {room_id} 0 {frame}"


def get_channel(room_id: int) -> str:
    return _channel_name(room_id % CHANNEL_COUNT)


def parse_envelope(data: bytes) -> Envelope:
    """Parse a bus message. Raises ValueError for anything `_publish` did not send."""
    kind, key, rev, text = data.decode().split(" ", 3)
    return Envelope(kind, key, int(rev), text)


def _publish(number: int, data: str) -> None:
    try:
        _client(settings.REDIS_BUS_URL).publish(_channel_name(number), data)
    except circuit_breaker.CircuitOpen:
        return
    except RedisError as failure:
        log.warning("chat_bus_unreachable", error=str(failure))


def _channel_name(number: int) -> str:
    return f"{settings.KEY_PREFIX}:chat:bus:{number}"


@cache
def _client(url: str) -> Redis:
    return circuit_breaker.client(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)
