"""Who is here: a sorted set in Redis of when people were last seen. Nothing depends on it.

Sockets say so with every heartbeat; whoever looks compares the time with their own clock, so nobody has to be told
that somebody has gone.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings

from chat.protocol import HEARTBEAT

if TYPE_CHECKING:
    from chat.hub import Hub

HERE_FOR = 2 * HEARTBEAT + 10
FORGOTTEN_AFTER = 24 * 3600


async def touch(hub: "Hub", user_uid: str) -> None:
    """Somebody is here now. Those who have not been here for a day are forgotten on the way."""
    now = time.time()
    await hub.command(lambda redis: redis.zadd(_key(), {user_uid: now}))
    await hub.command(lambda redis: redis.zremrangebyscore(_key(), 0, now - FORGOTTEN_AFTER))


async def leave(hub: "Hub", user_uid: str) -> None:
    """Somebody has closed their last socket of this process; another process's heartbeat takes it back."""
    await hub.command(lambda redis: redis.zadd(_key(), {user_uid: time.time() - HERE_FOR}))


async def last_seen(hub: "Hub", user_uids: Sequence[str]) -> dict[str, int] | None:
    """Seconds since 1970 at which each person was last here, of those ever seen; None when nobody can say."""
    if not user_uids:
        return {}
    scores = await hub.command(lambda redis: redis.zmscore(_key(), list(user_uids)))
    if scores is None:
        return None
    return {uid: int(score) for uid, score in zip(user_uids, scores, strict=True) if score is not None}


def _key() -> str:
    return f"{settings.KEY_PREFIX}:chat:presence"
