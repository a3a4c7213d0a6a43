"""Online presence: a sorted set in Redis of when users were last online. Nothing else depends on it.

Sockets update it with every heartbeat, and readers compare the time with their own clock. A second set per user holds
their open sockets, so that rooms are notified as soon as the last one closes.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings

from chat.delivery.protocol import HEARTBEAT_SECONDS

if TYPE_CHECKING:
    from chat.realtime.hub import Hub

PRESENCE_SECONDS = 2 * HEARTBEAT_SECONDS + 10
PRESENCE_RETENTION_SECONDS = 24 * 3600


# The last socket of a user to close, in any process, marks them as offline. One atomic step, so that a page opened
# in the meantime counts.
LEAVE_SCRIPT = """
redis.call("ZREM", KEYS[2], ARGV[2])
redis.call("ZREMRANGEBYSCORE", KEYS[2], 0, ARGV[3])
if redis.call("ZCARD", KEYS[2]) > 0 then return 0 end
redis.call("ZADD", KEYS[1], ARGV[3], ARGV[1])
return 1
"""


async def touch(hub: "Hub", user_uid: str, connection: str) -> None:
    """Record that a user is online. Removes users who were not online for a day."""
    now, own = time.time(), _connections_key(user_uid)

    def write(redis: Any) -> Any:
        pipe = redis.pipeline(transaction=False)
        pipe.zadd(_presence_key(), {user_uid: now})
        pipe.zadd(own, {connection: now})
        pipe.expire(own, 2 * PRESENCE_SECONDS)
        pipe.zremrangebyscore(_presence_key(), 0, now - PRESENCE_RETENTION_SECONDS)
        return pipe.execute()

    await hub.run_redis_command(write)


async def leave(hub: "Hub", user_uid: str, connection: str) -> bool:
    """Remove a socket. Returns whether it was the user's last one in any process."""
    values = (user_uid, connection, time.time() - PRESENCE_SECONDS)
    keys = (_presence_key(), _connections_key(user_uid))
    return bool(await hub.run_redis_command(lambda redis: redis.eval(LEAVE_SCRIPT, len(keys), *keys, *values)))


async def get_last_seen(hub: "Hub", user_uids: Sequence[str]) -> dict[str, int] | None:
    """Return when each user was last online, in seconds since 1970. None when Redis is unavailable."""
    if not user_uids:
        return {}
    scores = await hub.run_redis_command(lambda redis: redis.zmscore(_presence_key(), list(user_uids)))
    if scores is None:
        return None
    return {uid: int(score) for uid, score in zip(user_uids, scores, strict=True) if score is not None}


def get_offline_timestamp() -> int:
    """Return a time that counts as offline."""
    return int(time.time()) - PRESENCE_SECONDS


def _connections_key(user_uid: str) -> str:
    return f"{settings.KEY_PREFIX}:chat:presence:{user_uid}"


def _presence_key() -> str:
    return f"{settings.KEY_PREFIX}:chat:presence"
