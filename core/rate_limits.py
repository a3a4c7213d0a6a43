"""Limits on how often: a moving window counted atomically in Redis, the same for pages, API and sockets."""

import ipaddress
import math
import time
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest
from limits import parse
from limits.storage import RedisStorage
from redis.exceptions import NoScriptError, RedisError

from core.circuit_breaker import CircuitOpen, Pool
from core.errors import RateLimited, Unavailable

log = structlog.get_logger(__name__)

FAIL_CLOSED_RETRY = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether one more is allowed: `remaining` of `limit` in `window` seconds, `reset_after` seconds from now.

    Not `counted` when Redis could not be asked.
    """

    allowed: bool
    limit: int
    window: int
    remaining: int
    reset_after: int
    counted: bool = True


def hit(rate: str, *key: str, cost: int = 1, fail_closed: bool = False) -> Verdict:
    """Count one more against `rate` ("100/minute") for a key, and say whether it is allowed.

    Without Redis everything is allowed, or nothing when `fail_closed` (sign-in and what guards it).
    """
    item = parse(rate)
    try:
        allowed, start, found = _windows(settings.REDIS_CACHE_URL).enter(
            item.key_for(settings.RATE_LIMIT_PREFIX, *key), item.amount, item.get_expiry(), cost
        )
    except RedisError as failure:
        if not isinstance(failure, CircuitOpen):
            log.warning("rate_limit_store_unreachable", fail_closed=fail_closed)
        left = 0 if fail_closed else item.amount
        return Verdict(not fail_closed, item.amount, item.get_expiry(), left, FAIL_CLOSED_RETRY, counted=False)
    reset_after = max(1, math.ceil(start + item.get_expiry() - time.time()))
    return Verdict(allowed, item.amount, item.get_expiry(), item.amount - found, reset_after)


def require(rate: str, *key: str, fail_closed: bool = False) -> None:
    """Like `hit`, but raises RateLimited when it is too often, Unavailable when nobody can say; with `retry_after`."""
    verdict = hit(rate, *key, fail_closed=fail_closed)
    if not verdict.allowed:
        raise (RateLimited if verdict.counted else Unavailable)(retry_after=verdict.reset_after)


def client_key(request: HttpRequest) -> str:
    """The caller's network for counting."""
    return network_of(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104  a missing address, not a bind


def network_of(text: str) -> str:
    """The network of an address: an IPv4 address, or an IPv6 /64, which one household shares."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if address.version == 4:  # noqa: PLR2004  the Internet Protocol's number
        return str(address)
    return str(ipaddress.ip_network((address, 64), strict=False))


class _Windows(RedisStorage):
    """The library's moving windows, entered and looked at in one trip where it makes two."""

    def enter(self, key: str, limit: int, expiry: int, cost: int) -> tuple[bool, float, int]:
        """Whether `cost` more fit, when the oldest entry came, and how many there are now."""
        name, now = self.prefixed_key(key), time.time()
        asked: Any = self.get_connection().pipeline(transaction=False)  # type: ignore[attr-defined]
        asked.evalsha(self.lua_acquire_moving_window.sha, 1, name, now, limit, expiry, cost)
        asked.evalsha(self.lua_moving_window.sha, 1, name, now - expiry, limit)
        try:
            entered, window = asked.execute()
        except NoScriptError:  # a server that is new: these two teach it
            entered = self.acquire_entry(key, limit, expiry, cost)
            return entered, *self.get_moving_window(key, limit, expiry)
        return bool(entered), float(window[0]) if window else now, int(window[1]) if window else 0


@cache
def _windows(url: str) -> _Windows:
    return _Windows("redis://", connection_pool=Pool.from_url(url))
