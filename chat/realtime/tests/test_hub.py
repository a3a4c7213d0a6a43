"""The hub: in the order of revisions, each once, and nothing missed for long, with Redis or without."""

import asyncio
import json
import random

import pytest
from django.conf import settings
from redis import Redis

from chat.delivery import bus
from chat.messages.limits import TokenBucket
from chat.realtime import hub as hubs
from chat.realtime.following import Follower, RoomFeed
from chat.realtime.hub import Hub
from chat.realtime.outbox import MAX_FRAMES, Outbox
from chat.realtime.threads import run_in_db_thread
from chat.rooms.models import Room
from chat.tests.factories import RoomFactory, say
from core.errors import RateLimited


class Ear:
    """A socket that remembers what it was told."""

    def __init__(self, user_uid: str = "u") -> None:
        self.user_uid, self.heard, self.rechecked = user_uid, [], 0

    def push(self, text: str) -> None:
        self.heard.append(text)

    def recheck(self) -> None:
        self.rechecked += 1


def following(feed: RoomFeed, rev: int) -> Ear:
    ear = Ear()
    feed.followers[ear] = follower = Follower(ear)
    follower.start(rev)
    return ear


def test_changes_are_delivered_in_order_and_once():
    revs = list(range(1, 40)) * 2
    random.Random(7).shuffle(revs)
    feed = RoomFeed(Room(pk=1), head=0)
    ear = following(feed, 0)

    for rev in revs:
        feed.receive_change(rev, str(rev))

    assert ear.heard == [str(rev) for rev in range(1, 40)]
    assert (feed.head, feed.ahead) == (39, {})


def test_a_gap_is_noticed_and_closed_by_what_was_read():
    feed = RoomFeed(Room(pk=1), head=4)
    ear = following(feed, 4)

    missing = feed.receive_change(7, "7")
    feed.catch_up(6, "read 5 to 6")
    late = feed.receive_change(5, "5")

    assert (missing, late) == (True, False)
    assert ear.heard == ["read 5 to 6", "7"]


def test_what_comes_before_the_first_reading_waits_for_it():
    feed = RoomFeed(Room(pk=1))
    ear = Ear()
    feed.followers[ear] = follower = Follower(ear)

    for rev in (12, 10, 11):
        feed.receive_change(rev, str(rev))
    feed.start(10)
    before = list(ear.heard)
    follower.start(10)

    assert before == []
    assert ear.heard == ["11", "12"]


def test_each_follower_goes_on_from_where_it_stands():
    feed = RoomFeed(Room(pk=1), head=5)
    behind, ahead = following(feed, 5), following(feed, 7)

    for rev in (6, 7, 8):
        feed.receive_change(rev, str(rev))

    assert (behind.heard, ahead.heard) == (["6", "7", "8"], ["8"])


async def until(condition, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  what is waited for tells nobody
            await asyncio.sleep(0.01)


@pytest.fixture
async def hub(transactional_db):
    made = Hub()
    keeper = Ear("keeper")
    made.add_socket(keeper)
    await until(made._tried.is_set)
    yield made
    await made.remove_socket(keeper)


async def follow(hub: Hub, room: Room) -> Ear:
    ear = Ear(str(room.pk))
    hub.add_socket(ear)
    follower = hub.follow(ear, room)
    fresh = await run_in_db_thread(Room.objects.get, pk=room.pk)
    hub.start_feed(fresh, fresh.last_rev)
    follower.start(fresh.last_rev)
    return ear


def seqs(ear: Ear) -> list[int]:
    frames = [json.loads(text) for text in ear.heard]
    return [m["seq"] for f in frames for m in ([f["message"]] if "message" in f else f.get("messages", []))]


async def test_a_committed_message_comes_over_the_bus(hub, room, ada):
    ear = await follow(hub, room)

    await run_in_db_thread(say, room, ada)
    await until(lambda: ear.heard)

    assert [json.loads(text)["type"] for text in ear.heard] == ["msg"]


async def test_a_message_whose_publishing_was_lost_is_found_by_the_poller(hub, room, ada, monkeypatch):
    """As when the process that took it was killed between commit and publish."""
    monkeypatch.setattr(hubs, "POLL_INTERVAL_SECONDS", 0.1)
    ear = await follow(hub, room)
    monkeypatch.setattr(bus, "publish_change", lambda *args: None)

    await run_in_db_thread(say, room, ada)
    await until(lambda: ear.heard)

    assert [json.loads(text)["type"] for text in ear.heard] == ["sync"]
    assert seqs(ear) == [1]


async def test_nonsense_on_the_bus_is_passed_over(hub, room, ada):
    ear = await follow(hub, room)

    for data in (b"", b"c 1", b"c x y z", b"\xff\xfe a b c", b"p nothing 0 {}"):
        Redis.from_url(settings.REDIS_BUS_URL).publish(bus.get_channels()[0], data)
    await run_in_db_thread(say, room, ada)
    await until(lambda: ear.heard)

    assert seqs(ear) == [1]


async def test_when_the_bus_connection_is_cut_what_was_missed_is_read(hub, room, ada, monkeypatch):
    ear = await follow(hub, room)
    redis = Redis.from_url(settings.REDIS_BUS_URL)
    original = bus.publish_change
    monkeypatch.setattr(bus, "publish_change", lambda *args: None)

    redis.client_kill_filter(_type="pubsub")
    await run_in_db_thread(say, room, ada, "missed")
    await until(lambda: ear.heard)
    monkeypatch.setattr(bus, "publish_change", original)
    await until(lambda: hub.is_redis_up)
    await run_in_db_thread(say, room, ada, "heard")
    await until(lambda: len(seqs(ear)) == 2)

    assert seqs(ear) == [1, 2]


async def test_recheck_reaches_the_sockets_of_a_user(hub):
    ear = Ear("someone")
    hub.add_socket(ear)

    await run_in_db_thread(bus.publish_recheck, "someone")
    await until(lambda: ear.rechecked)

    await hub.remove_socket(ear)
    assert ear.rechecked == 1


async def test_the_last_socket_stops_what_the_first_began(transactional_db):
    hub, ear = Hub(), Ear()
    hub.add_socket(ear)
    tasks = set(hub._tasks)

    await hub.remove_socket(ear)

    assert len(tasks) == 2
    assert all(task.done() for task in tasks)
    assert (hub._redis, hub.feeds) == (None, {})


async def test_without_redis_messages_still_arrive_by_polling(without_redis, hub, room, ada):
    ear = await follow(hub, room)

    message = await run_in_db_thread(say, room, ada)
    await until(lambda: ear.heard, seconds=2)

    assert not hub.is_redis_up
    assert (message.seq, seqs(ear)) == (1, [1])
    assert await hub.run_redis_command(lambda redis: redis.ping()) is None


async def test_without_redis_what_passes_reaches_this_process(without_redis, hub, room):
    ear = await follow(hub, room)

    await hub.publish_ephemeral(room.pk, "typing")

    assert ear.heard == ["typing"]


@pytest.mark.django_db(transaction=True)
def test_publishing_without_redis_gives_up_at_once_and_then_does_not_try(silent_redis, room, ada):
    for _ in range(10):
        say(room, ada)

    assert silent_redis.connections == 1


class Wire:
    """A socket whose other side reads only when it is let."""

    def __init__(self) -> None:
        self.open, self.sent = asyncio.Event(), []

    async def __call__(self, event):
        await self.open.wait()
        self.sent.append(event)


async def test_a_reader_who_takes_nothing_is_let_go_and_its_queue_dropped():
    wire = Wire()
    outbox = Outbox(wire)

    for number in range(MAX_FRAMES * 2):
        outbox.put(str(number))
    wire.open.set()
    await until(lambda: wire.sent and wire.sent[-1]["type"] == "websocket.close")

    assert wire.sent[-1]["code"] == 4008
    assert len(wire.sent) <= 2
    await outbox.stop()


async def test_requested_frames_wait_for_a_slow_reader():
    wire = Wire()
    outbox = Outbox(wire)
    big = "x" * 600_000

    await outbox.put_when_ready(big)
    waiting = asyncio.create_task(outbox.put_when_ready("next"))
    await asyncio.sleep(0.05)
    early = waiting.done()
    wire.open.set()
    await waiting
    await until(lambda: len(wire.sent) == 2)

    assert not early
    assert [event["text"] for event in wire.sent] == [big, "next"]
    await outbox.stop()


def test_a_bucket_refills_at_its_rate():
    now = [0.0]
    bucket = TokenBucket(rate=2, burst=3, clock=lambda: now[0])

    first = [bucket.take() for _ in range(4)]
    now[0] += 1
    later = [bucket.take() for _ in range(3)]

    assert (first, later) == ([True, True, True, False], [True, True, False])
    with pytest.raises(RateLimited) as refused:
        bucket.require()
    assert refused.value.details["retry_after"] == 1


@pytest.mark.django_db
def test_channels_are_few_and_fixed():
    assert len(set(bus.get_channels())) == 16
    assert {bus.get_channel(RoomFactory().pk) for _ in range(3)} <= set(bus.get_channels())


async def test_what_fails_in_the_background_is_logged_with_its_traceback(monkeypatch, caplog):
    def fail(room_ids: object) -> None:
        raise ValueError("not at all")

    monkeypatch.setattr("chat.realtime.hub.room_queries.get_heads", fail)
    hub = Hub()
    hub.feeds[1] = RoomFeed(Room(pk=1), head=1)

    await hub._check_heads_safely()

    assert [(line.msg["event"], line.msg["exc_info"]) for line in caplog.records] == [("chat_poll_failed", True)]
