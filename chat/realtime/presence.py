"""Who is here: a sorted set in Redis of when people were last seen. Nothing depends on it.

Sockets say so with every heartbeat; whoever looks compares the time with their own clock. A second set a person knows
their open sockets, so that the rooms are told at once when the last one closes.
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


# The last connection of a person to close, in any process, makes them seem to have gone. Both are one step, so that a
# page that is opened meanwhile counts.
LEAVE_SCRIPT = """
redis.call("ZREM", KEYS[2], ARGV[2])
redis.call("ZREMRANGEBYSCORE", KEYS[2], 0, ARGV[3])
if redis.call("ZCARD", KEYS[2]) > 0 then return 0 end
redis.call("ZADD", KEYS[1], ARGV[3], ARGV[1])
return 1
"""


async def touch(hub: "Hub", user_uid: str, connection: str) -> None:
    """Somebody is here now. Those who have not been here for a day are forgotten on the way."""
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
    """Somebody has closed a socket; True when it was the last one of theirs anywhere."""
    values = (user_uid, connection, time.time() - PRESENCE_SECONDS)
    keys = (_presence_key(), _connections_key(user_uid))
    return bool(await hub.run_redis_command(lambda redis: redis.eval(LEAVE_SCRIPT, len(keys), *keys, *values)))


async def get_last_seen(hub: "Hub", user_uids: Sequence[str]) -> dict[str, int] | None:
    """Seconds since 1970 at which each person was last here, of those ever seen; None when nobody can say."""
    if not user_uids:
        return {}
    scores = await hub.run_redis_command(lambda redis: redis.zmscore(_presence_key(), list(user_uids)))
    if scores is None:
        return None
    return {uid: int(score) for uid, score in zip(user_uids, scores, strict=True) if score is not None}


def get_offline_timestamp() -> int:
    """A time so long ago that nobody takes it for being here."""
    return int(time.time()) - PRESENCE_SECONDS


def _connections_key(user_uid: str) -> str:
    return f"{settings.KEY_PREFIX}:chat:presence:{user_uid}"


def _presence_key() -> str:
    return f"{settings.KEY_PREFIX}:chat:presence"
