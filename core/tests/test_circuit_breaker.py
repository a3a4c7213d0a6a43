"""A server that does not answer costs one time-out, not one a question, and is asked again by itself."""

import copy
import time

import pytest
from celery import current_app
from django.conf import settings as site
from django.core.cache import cache
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from core import rate_limits, testing
from core.circuit_breaker import (
    TIMEOUT_SECONDS,
    CircuitBreaker,
    CircuitOpen,
    Guarded,
    Pool,
    client,
    get_circuit_breaker,
)
from core.task_queue import enqueue_best_effort


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker("somewhere", pause=3.0, clock=clock)


def seconds_of(work) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def test_after_a_failure_nobody_is_let_through_until_the_pause_is_over(breaker, clock):
    breaker.check()
    breaker.record_failure()

    with pytest.raises(CircuitOpen):
        breaker.check()
    clock.now += 2.9
    with pytest.raises(CircuitOpen):
        breaker.check()
    clock.now += 0.1
    breaker.check()


def test_after_the_pause_one_thread_tries_and_the_others_go_without(breaker, clock):
    breaker.record_failure()
    clock.now += 3.0

    results = testing.race(*[breaker.check] * 8)

    assert [type(result) for result in results].count(CircuitOpen) == 7


def test_who_tries_may_ask_all_it_needs(breaker, clock):
    breaker.record_failure()
    clock.now += 3.0

    breaker.check()
    breaker.check()

    assert breaker.is_open  # for everybody else


def test_an_answer_lets_everybody_through_again(breaker, clock):
    breaker.record_failure()
    clock.now += 3.0
    breaker.check()

    breaker.record_success()

    assert testing.race(*[breaker.check] * 4) == [None] * 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("redis://host/0", "redis://user:word@host:6379/1"),
        ("unix:///run/v.sock?db=1", "redis+socket:///run/v.sock?virtual_host=0"),
    ],
)
def test_all_databases_and_protocols_of_a_server_share_its_breaker(one, other):
    assert get_circuit_breaker(one) is get_circuit_breaker(other)


def test_another_server_has_another_breaker():
    assert get_circuit_breaker("redis://cache:6379/0") is not get_circuit_breaker("redis://queue:6379/0")


def test_a_copied_policy_has_the_same_breaker(breaker):
    policy = Guarded(breaker)

    assert copy.deepcopy(policy) is policy


def test_a_silent_redis_is_asked_once_by_cache_limits_and_queue_together(silent_redis):
    waited = seconds_of(lambda: rate_limits.hit("1/minute", "any"))
    rest = seconds_of(lambda: [enqueue_best_effort("core.relay_events") for _ in range(50)])
    rest += seconds_of(lambda: [rate_limits.hit("1/minute", "any") for _ in range(50)])
    with pytest.raises(CircuitOpen):
        cache.get("any")

    assert TIMEOUT_SECONDS <= waited < 2 * TIMEOUT_SECONDS
    assert rest < TIMEOUT_SECONDS
    assert silent_redis.connections == 1


def test_a_silent_queue_holds_nobody_up_for_longer_than_one_time_out(silent_redis):
    assert TIMEOUT_SECONDS <= seconds_of(lambda: enqueue_best_effort("core.relay_events")) < 2 * TIMEOUT_SECONDS
    assert seconds_of(lambda: enqueue_best_effort("core.relay_events")) < TIMEOUT_SECONDS / 2


def test_without_the_breaker_every_question_waits(silent_redis):
    """The control: the same client with redis-py's own policy waits each time."""
    unguarded = Redis.from_url(f"redis://{silent_redis.address}/0", socket_timeout=0.3)

    def ask() -> None:
        with pytest.raises(RedisTimeoutError):
            unguarded.get("any")

    assert seconds_of(lambda: [ask() for _ in range(3)]) >= 0.9


def test_a_connection_that_redis_closed_is_opened_anew_without_anybody_noticing():
    ours = client(site.REDIS_CACHE_URL)
    ours.set("agora:test:kept", "1", ex=60)
    number = ours.client_id()

    Redis.from_url(site.REDIS_CACHE_URL).client_kill_filter(_id=number)

    assert ours.get("agora:test:kept") == b"1"
    assert ours.client_id() != number
    assert not get_circuit_breaker(site.REDIS_CACHE_URL).is_open


def test_without_the_second_try_the_closed_connection_would_be_an_error():
    """The control: the same, asked once."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    once = Redis(connection_pool=Pool.from_url(site.REDIS_CACHE_URL, retry=Retry(NoBackoff(), 0)))
    pinned = once.connection_pool.get_connection()
    pinned.send_command("CLIENT", "ID")
    Redis.from_url(site.REDIS_CACHE_URL).client_kill_filter(_id=pinned.read_response())

    once.connection_pool.release(pinned)
    pinned.can_read = lambda timeout=0: False  # the pool would see that it is closed, unless that comes a moment later

    with pytest.raises(RedisConnectionError):
        once.ping()


def test_a_hint_reaches_the_queue_when_there_is_one(monkeypatch):
    sent = []
    monkeypatch.setattr(current_app, "send_task", lambda *what, **how: sent.append((what, how["countdown"])))

    enqueue_best_effort("shop.take_webhook", "sandbox", "{}", delay=3)

    assert sent == [(("shop.take_webhook", ("sandbox", "{}")), 3)]


def test_a_hint_without_a_queue_is_lost_and_nothing_else(without_redis):
    enqueue_best_effort("core.relay_events")


def test_no_test_begins_with_what_failed_in_another():
    """The same Redis serves all tests of a run, and its breaker would stay open for seconds."""
    ours = get_circuit_breaker(site.REDIS_CACHE_URL)
    ours.record_failure()
    assert ours.is_open

    testing.close_breakers()

    assert not ours.is_open
    assert cache.set("asked", "yes") is None
    assert cache.get("asked") == "yes"
