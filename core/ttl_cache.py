"""Cache the result of a function for a second or a few: the market, the categories, the counts of filters.

The same promise as that of `core.web.response_cache`, for pages that are not shared: nothing is staler than a second,
or than the seconds that a function names. In each process one caller computes while the others wait for its result.
Results are shared by threads and must not be changed.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import wraps
from threading import Event, Lock, get_ident
from typing import Generic, ParamSpec, TypeVar

from django.conf import settings

P = ParamSpec("P")
R = TypeVar("R")

MAX_ENTRIES = 500
WAIT_SECONDS = 2  # for another caller's answer; then the caller computes it itself


@dataclass(slots=True)
class PendingCall(Generic[R]):
    """A call that one thread makes and others wait for. `given` stays empty where it failed."""

    thread: int
    done: Event = field(default_factory=Event)
    given: list[R] = field(default_factory=list)


def ttl_cache(*, seconds: float = 1, key: Callable[P, Hashable]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Remember what a function gives for each `key` of its arguments, as long as strangers' pages are kept.

    While one caller asks again, others get the last answer; where there is none, they wait for the new one.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        known: dict[Hashable, tuple[float, R]] = {}
        asked: dict[Hashable, PendingCall[R]] = {}
        lock = Lock()

        @wraps(function)
        def remembered(*args: P.args, **kwargs: P.kwargs) -> R:
            kept_for = settings.MICROCACHE_SECONDS * seconds
            if not kept_for:
                return function(*args, **kwargs)
            place, now = key(*args, **kwargs), time.monotonic()
            with lock:
                found, other = known.get(place), asked.get(place)
                if found is not None and (now < found[0] or other):
                    return found[1]
                mine = asked.setdefault(place, PendingCall(get_ident()))
            if other and other.thread != get_ident() and other.done.wait(WAIT_SECONDS) and other.given:
                return other.given[0]
            try:
                mine.given[:] = [function(*args, **kwargs)]
            finally:
                with lock:
                    asked.pop(place, None)
                    if mine.given:
                        if len(known) >= MAX_ENTRIES:
                            known.clear()
                        known[place] = (now + kept_for, mine.given[0])
                mine.done.set()
            return mine.given[0]

        return remembered

    return decorate
