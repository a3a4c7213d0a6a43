"""Lists that move by themselves: the rooms one is in, and the desk."""

from functools import partial

import pytest

from chat.messages.services import changes
from chat.realtime.threads import run_in_db_thread
from chat.rooms.services import rooms
from chat.support import services as cases
from chat.tests.factories import conversation, private_room, say
from core.context import Actor

pytestmark = pytest.mark.django_db(transaction=True)


async def watch(connect, user, *lists):
    client = await connect(user)
    assert (await client.ask("watch", lists=list(lists)))["type"] == "ok"
    return client


async def nothing_more(client):
    await client.tell("ping")
    await client.hear("pong")
    return not client.buffered


async def test_watcher_gets_news_of_joined_rooms(connect, ada, ben, stranger):
    room, other = await run_in_db_thread(private_room, ada, ben), await run_in_db_thread(private_room, ben, stranger)
    client = await watch(connect, ada, "rooms")

    await run_in_db_thread(say, other, ben, "Not for Ada")
    await run_in_db_thread(say, room, ben, "x" * 200)
    told = await client.hear("news")

    assert told == {
        "type": "news", "room": str(room.uid), "seq": 1, "new": True, "author": str(ben.uid), "text": "x" * 120
    }  # fmt: skip
    assert await nothing_more(client)


async def test_watcher_gets_news_of_edits_and_deletions_but_not_reactions(connect, ada, ben):
    room = await run_in_db_thread(private_room, ada, ben)
    await run_in_db_thread(say, room, ben, "Hello")
    client = await watch(connect, ada, "rooms")
    by = Actor.person(ben)

    await run_in_db_thread(changes.react, room_uid=room.uid, seq=1, emoji="👍", on=True, by=by)
    await run_in_db_thread(changes.edit_message, room_uid=room.uid, seq=1, body="Hello again", by=by)
    await run_in_db_thread(changes.delete_message, room_uid=room.uid, seq=1, by=by)
    told = [await client.hear("news") for _ in range(2)]

    assert [(frame["seq"], frame["new"], frame["text"]) for frame in told] == [
        (1, False, "Hello again"),
        (1, False, ""),
    ]
    assert await nothing_more(client)


async def test_read_mark_reaches_other_devices(connect, ada, ben):
    room = await run_in_db_thread(private_room, ada, ben)
    await run_in_db_thread(say, room, ben)
    client, other = await watch(connect, ada, "rooms"), await watch(connect, ben, "rooms")

    await run_in_db_thread(rooms.mark_read, room_uid=room.uid, seq=1, by=Actor.person(ada))

    assert await client.hear("read") == {"type": "read", "room": str(room.uid), "seq": 1}
    assert await nothing_more(other)


async def test_a_new_conversation_makes_the_list_stale_and_is_watched_from_then_on(connect, ada, ben):
    client = await watch(connect, ada, "rooms")

    room = await run_in_db_thread(rooms.open_direct, with_user=ada, by=Actor.person(ben))
    assert (await client.hear("stale"))["list"] == "rooms"
    await run_in_db_thread(say, room, ben, "Hi")

    assert (await client.hear("news"))["text"] == "Hi"


async def test_who_left_a_room_hears_no_more_of_it(connect, ada, ben):
    room = await run_in_db_thread(private_room, ada, ben)
    client = await watch(connect, ada, "rooms")

    await run_in_db_thread(rooms.leave_room, room_uid=room.uid, by=Actor.person(ada))
    assert (await client.hear("stale"))["list"] == "rooms"
    await run_in_db_thread(say, room, ben, "Among us")

    assert await nothing_more(client)


async def test_desk_watchers_are_notified_of_case_changes(connect, ada, agent):
    client = await watch(connect, agent, "desk")
    by = Actor.person(agent)
    room = await run_in_db_thread(conversation, ada)
    for step in (
        partial(say, room, ada, "Hello?"),
        partial(cases.assign_case, room_uid=room.uid, assignee=agent, by=by),
        partial(cases.prioritise_case, room_uid=room.uid, priority=3, by=by),
        partial(say, room, agent, "Hello!"),
        partial(cases.close_case, room_uid=room.uid, by=by),
        partial(cases.reopen_case, room_uid=room.uid, by=by),
    ):
        await run_in_db_thread(step)

    assert [await client.hear("stale") for _ in range(7)] == [{"type": "stale", "list": "desk"}] * 7


@pytest.mark.parametrize("who", ["ada", "author"])
async def test_watching_the_desk_requires_an_agent(connect, request, who):
    client = await connect(await run_in_db_thread(request.getfixturevalue, who))

    answer = await client.ask("watch", lists=["rooms", "desk"])

    assert (answer["type"], answer["code"]) == ("err", "permission_denied")


async def test_case_status_is_published_to_the_room(connect, ada, agent):
    room = await run_in_db_thread(conversation, ada)
    client = await connect(ada)
    await client.ask("sub", room=str(room.uid), rev=0)

    await run_in_db_thread(say, room, agent, "Hello")
    await run_in_db_thread(say, room, ada, "Thank you")
    await run_in_db_thread(cases.close_case, room_uid=room.uid, by=Actor.person(agent))

    assert [(await client.hear("case"))["status"] for _ in range(3)] == ["waiting", "open", "closed"]
