"""What many pages ask and little changes is asked once a second: the market, the shelves, the counts of filters.

The same promise as `core.microcache` gives, for pages that are not shared: nothing is staler than a second, or than the
seconds a function names. What is given is shared by threads and must not be changed.
"""

import time
from collections.abc import Callable, Hashable
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

from django.conf import settings

P = ParamSpec("P")
R = TypeVar("R")

MOST = 500


def shortly(*, seconds: float = 1, key: Callable[P, Hashable]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Remember what a function gives for each `key` of its arguments, as long as strangers' pages are kept.

    While one caller asks again, others get the last answer.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        known: dict[Hashable, tuple[float, R]] = {}
        being_asked: set[Hashable] = set()
        lock = Lock()

        @wraps(function)
        def remembered(*args: P.args, **kwargs: P.kwargs) -> R:
            kept_for = settings.MICROCACHE_SECONDS * seconds
            if not kept_for:
                return function(*args, **kwargs)
            place, now = key(*args, **kwargs), time.monotonic()
            found = known.get(place)
            with lock:
                if found is not None and (now < found[0] or place in being_asked):
                    return found[1]
                being_asked.add(place)
            try:
                given = function(*args, **kwargs)
            finally:
                with lock:
                    being_asked.discard(place)
            with lock:
                if len(known) >= MOST:
                    known.clear()
                known[place] = (now + kept_for, given)
            return given

        return remembered

    return decorate
