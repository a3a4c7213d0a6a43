"""Rate limits, counted in Redis for each user, and in memory for each socket."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from core import rate_limits
from core.context import Actor
from core.errors import RateLimited

SEND_RATE = "20 per 4 second"
OPEN_RATE = "20/hour"
REPORT_RATE = "20/hour"


def require_send(by: Actor) -> None:
    """Check the rate limit for sending messages. Raises RateLimited."""
    rate_limits.require(SEND_RATE, "chat.send", by.id)


def require_open(by: Actor) -> None:
    """Check the rate limit for starting conversations. Raises RateLimited."""
    rate_limits.require(OPEN_RATE, "chat.open", by.id)


def require_report(by: Actor) -> None:
    """Check the rate limit for reports. Raises RateLimited."""
    rate_limits.require(REPORT_RATE, "chat.report", by.id)


@dataclass(slots=True)
class TokenBucket:
    """A token bucket that refills at `rate` per second up to `burst`."""

    rate: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    tokens: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.tokens, self.at = self.burst, self.clock()

    def take(self) -> bool:
        """Take a token; return whether there was one."""
        now = self.clock()
        self.tokens, self.at = min(self.burst, self.tokens + (now - self.at) * self.rate), now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def require(self) -> None:
        """Take a token. Raises RateLimited."""
        if not self.take():
            raise RateLimited(retry_after=max(1, round(1 / self.rate)))
