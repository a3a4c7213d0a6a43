"""A limit holds across processes, says when to come back, and knows what to do when Redis is gone."""

import multiprocessing

import pytest
from redis import Redis
from redis.connection import AbstractConnection as Connection

from core import rate_limits
from core.errors import RateLimited, Unavailable
from core.ids import uuid7


def spend(key: str, times: int) -> int:
    rate_limits._windows.cache_clear()
    return sum(rate_limits.hit("100/minute", "test", key).allowed for _ in range(times))


def test_a_limit_of_100_lets_100_through_from_8_processes():
    key = uuid7().hex
    with multiprocessing.get_context("fork").Pool(8) as pool:
        allowed = pool.starmap(spend, [(key, 50)] * 8)

    assert sum(allowed) == 100


def test_a_server_that_is_new_counts_as_well(settings):
    key = uuid7().hex
    Redis.from_url(settings.REDIS_CACHE_URL).script_flush()

    assert [rate_limits.hit("2/minute", key).remaining for _ in range(2)] == [1, 0]
    assert not rate_limits.hit("2/minute", key).allowed


def test_a_hit_is_one_trip(monkeypatch):
    rate_limits.hit("2/minute", uuid7().hex)
    trips = []
    monkeypatch.setattr(Connection, "send_packed_command", _counted(Connection.send_packed_command, trips))

    verdict = rate_limits.hit("2/minute", uuid7().hex)

    assert (verdict.allowed, verdict.remaining, len(trips)) == (True, 1, 1)


def _counted(send, trips):
    def sent(self, command, check_health=True):
        trips.append(command)
        return send(self, command, check_health)

    return sent


def test_keys_do_not_share_a_limit():
    first, second = uuid7().hex, uuid7().hex

    assert rate_limits.hit("1/minute", first).allowed
    assert not rate_limits.hit("1/minute", first).allowed
    assert rate_limits.hit("1/minute", second).allowed


def test_a_refusal_says_when_to_come_back():
    key = uuid7().hex
    rate_limits.require("1/minute", key)

    with pytest.raises(RateLimited) as refused:
        rate_limits.require("1/minute", key)

    assert 55 <= refused.value.details["retry_after"] <= 61
    assert refused.value.status == 429


@pytest.mark.parametrize(("fail_closed", "allowed"), [(True, False), (False, True)])
def test_without_redis_it_fails_as_asked(without_redis, fail_closed, allowed):
    assert rate_limits.hit("1/minute", "any", fail_closed=fail_closed).allowed is allowed


def test_a_closed_door_without_redis_is_not_called_too_many_attempts(without_redis):
    with pytest.raises(Unavailable) as refused:
        rate_limits.require("1/minute", "any", fail_closed=True)

    assert (refused.value.status, refused.value.details) == (503, {"retry_after": 10})


@pytest.mark.parametrize(
    ("address", "key"),
    [("203.0.113.9", "203.0.113.9"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("", "0.0.0.0")],
)
def test_a_household_is_one_caller(rf, address, key):
    request = rf.get("/", REMOTE_ADDR=address)

    assert rate_limits.client_key(request) == key
