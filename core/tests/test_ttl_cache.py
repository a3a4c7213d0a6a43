"""What little changes is asked once a second; in development and in tests each time."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core import ttl_cache as module
from core.ttl_cache import ttl_cache


class Counter:
    def __init__(self, **options: Any) -> None:
        self.asked: list[Any] = []
        self.ask = ttl_cache(key=lambda what, **_: what, **options)(self._ask)

    def _ask(self, what: str, note: str = "") -> str:
        self.asked.append(what)
        if what == "wrong":
            raise LookupError
        return f"{what} {len(self.asked)}"


@pytest.fixture
def clock(settings: Any, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    settings.MICROCACHE_SECONDS = 1
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def test_it_is_asked_again_after_its_time(clock: list[float]):
    counter = Counter(seconds=2)

    answers = [counter.ask("a"), counter.ask("a")]
    clock[0] += 1.9
    answers.append(counter.ask("a", note="not in the key"))
    clock[0] += 0.1
    answers.append(counter.ask("a"))

    assert answers == ["a 1", "a 1", "a 1", "a 2"]


def test_each_key_has_an_answer_of_its_own(clock: list[float]):
    counter = Counter()

    assert [counter.ask(what) for what in "abab"] == ["a 1", "b 2", "a 1", "b 2"]


def test_while_one_asks_again_others_get_the_last_answer(clock: list[float]):
    meanwhile: list[str] = []

    @ttl_cache(key=lambda: ())
    def ask() -> str:
        if clock[0] == 102:
            clock[0] += 0.1
            meanwhile.append(ask())
            return "new"
        return "old"

    ask()
    clock[0] = 102

    assert (ask(), meanwhile) == ("new", ["old"])


def ask_at_once(function: Any, *callers: str) -> list[Any]:
    """Call it from as many threads, none before all are ready."""
    gate = threading.Barrier(len(callers))

    def call(caller: str) -> Any:
        gate.wait()
        return function(caller)

    with ThreadPoolExecutor(len(callers)) as pool:
        return list(pool.map(call, callers))


def test_eight_that_ask_first_at_once_ask_once(settings: Any):
    settings.MICROCACHE_SECONDS = 60
    asked: list[str] = []

    @ttl_cache(key=lambda _caller: ())
    def ask(caller: str) -> str:
        asked.append(caller)
        time.sleep(0.2)  # long enough for all to ask meanwhile
        return "answer"

    assert ask_at_once(ask, *"abcdefgh") == ["answer"] * 8
    assert len(asked) == 1


def test_keys_do_not_wait_for_each_other(settings: Any):
    settings.MICROCACHE_SECONDS = 60
    together = threading.Barrier(2, timeout=10)

    @ttl_cache(key=lambda caller: caller)
    def ask(caller: str) -> str:
        together.wait()  # passes only if both are inside
        return caller

    assert ask_at_once(ask, "a", "b") == ["a", "b"]


def test_whoever_waited_for_a_failure_asks_for_themselves(settings: Any):
    settings.MICROCACHE_SECONDS = 60
    asked: list[str] = []

    @ttl_cache(key=lambda _caller: ())
    def ask(caller: str) -> str:
        asked.append(caller)
        if len(asked) == 1:
            time.sleep(0.2)
            raise LookupError
        return "answer"

    def guarded(caller: str) -> str:
        try:
            return ask(caller)
        except LookupError:
            return "failed"

    assert sorted(ask_at_once(guarded, *"abc")) == ["answer", "answer", "failed"]


def test_a_call_within_itself_does_not_wait_for_itself(settings: Any):
    settings.MICROCACHE_SECONDS = 60

    @ttl_cache(key=lambda _depth: ())
    def ask(depth: int) -> int:
        return depth if depth == 2 else ask(depth + 1)

    assert ask(0) == 2


def test_a_failure_is_not_remembered(clock: list[float]):
    counter = Counter()

    for _ in range(2):
        with pytest.raises(LookupError):
            counter.ask("wrong")

    assert len(counter.asked) == 2


def test_nothing_is_remembered_where_pages_are_not_kept(clock: list[float], settings: Any):
    settings.MICROCACHE_SECONDS = 0
    counter = Counter()

    assert [counter.ask("a"), counter.ask("a")] == ["a 1", "a 2"]


def test_keys_without_end_take_no_memory_without_end(clock: list[float], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_ENTRIES", 2)
    counter = Counter()

    for what in ("a", "b", "c", "c", "a"):
        counter.ask(what)

    assert counter.asked == ["a", "b", "c", "a"]
