"""Circuit breaker for Redis.

When a server does not answer, this process does not call it for a few seconds: the cache, limits, message bus and the
queue's nudges share the breaker of its address. Then one caller tries while all others still go without. So an absent
or slow Redis costs one time-out every few seconds, not one a question.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Self, TypeVar
from urllib.parse import unquote, urlsplit

import structlog
from kombu.exceptions import KombuError
from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

log = structlog.get_logger(__name__)

T = TypeVar("T")

TIMEOUT_SECONDS = 1.0
PAUSE_SECONDS = 3.0


class CircuitOpen(RedisConnectionError):
    """The server was not called, because it failed a moment ago."""


class CircuitBreaker:
    """Remembers for `pause` seconds that a server failed. Times are of the monotonic clock."""

    def __init__(self, server: str, pause: float = PAUSE_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._server, self._pause, self._clock = server, pause, clock
        self._until = 0.0  # 0: it worked when it was last asked
        self._trying: int | None = None
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether it is too early to try again."""
        return self._clock() < self._until

    def check(self) -> None:
        """Before a question. After a pause lets one thread try, with all it needs to ask. Raises CircuitOpen."""
        if not self._until:
            return
        with self._lock:
            if self._trying == threading.get_ident():
                return
            if self.is_open:
                raise CircuitOpen(f"{self._server} did not answer a moment ago")
            self._open(trying=threading.get_ident())

    def record_success(self) -> None:
        """After an answer."""
        if self._until:
            with self._lock:
                self._until, self._trying = 0.0, None
            log.info("redis_answers_again", server=self._server)

    def record_failure(self) -> None:
        """After a failure."""
        with self._lock:
            self._open(trying=None)
        log.warning("redis_left_alone", server=self._server, seconds=self._pause)

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around a question that another library asks. Raises CircuitOpen, or what the library raises."""
        self.check()
        try:
            yield
        except (RedisError, KombuError, OSError):
            self.record_failure()
            raise
        self.record_success()

    def _open(self, trying: int | None) -> None:
        self._until, self._trying = self._clock() + self._pause, trying


def get_circuit_breaker(url: str) -> CircuitBreaker:
    """The breaker of the server at this address; its numbered databases share it, and so do all its protocols."""
    parts = urlsplit(url)
    return _breaker(f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else unquote(parts.path))


@cache
def _breaker(server: str) -> CircuitBreaker:
    return CircuitBreaker(server)


class Guarded(Retry):
    """Runs commands behind a breaker. Retries once after a closed connection, never after a time-out."""

    __hash__ = Retry.__hash__

    def __init__(self, behind: CircuitBreaker) -> None:
        super().__init__(NoBackoff(), 1, (RedisConnectionError,))
        self._breaker = behind

    def __deepcopy__(self, memo: object) -> Self:
        return self  # connections copy it, and all of them are to know

    def call_with_retry(self, do: Callable[[], T], *others: Any, **options: Any) -> T:
        self._breaker.check()
        try:
            answer = super().call_with_retry(do, *others, **options)
        except CircuitOpen:
            raise
        except (RedisConnectionError, RedisTimeoutError, OSError):
            self._breaker.record_failure()
            raise
        self._breaker.record_success()
        return answer


class Pool(ConnectionPool):
    """Connections with a time-out, behind the breaker of their server. Django's cache makes one too."""

    @classmethod
    def from_url(cls, url: str, **options: Any) -> Self:
        ours = {
            "socket_timeout": TIMEOUT_SECONDS,
            "socket_connect_timeout": TIMEOUT_SECONDS,
            "retry": Guarded(get_circuit_breaker(url)),
        }
        return super().from_url(url, **(ours | options))


def client(url: str, **options: Any) -> Redis:
    """A client behind the breaker. `options` are redis-py's, such as a shorter `socket_timeout`."""
    return Redis(connection_pool=Pool.from_url(url, **options))
