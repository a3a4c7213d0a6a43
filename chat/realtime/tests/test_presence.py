"""Who is here: known within a second, whoever came first and however often pages are changed."""

import asyncio
import time

import pytest

from chat.realtime.threads import run_in_db_thread
from chat.tests.factories import conversation, private_room

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = 60  # seconds after which pages take somebody for gone


async def enter(connect, user, room):
    client = await connect(user)
    await client.ask("sub", room=str(room.uid), rev=0)
    return client


async def hear_of(client, user):
    """How long ago the person was seen, as the next frame that speaks of them says."""
    while True:
        here = (await client.hear("presence"))["here"]
        if str(user.uid) in here:
            return time.time() - here[str(user.uid)]


async def test_who_came_first_is_here_also_after_everybody_had_left(connect, ada, agent):
    room = await run_in_db_thread(conversation, ada)
    await (await enter(connect, ada, room)).close()
    await enter(connect, ada, room)  # the hub had stopped, and begins anew
    staff = await enter(connect, agent, room)

    assert await hear_of(staff, ada) < 5


async def test_the_others_hear_at_once_that_somebody_left(connect, ada, ben):
    room = await run_in_db_thread(private_room, ada, ben)
    first, second = await enter(connect, ada, room), await enter(connect, ben, room)
    assert await hear_of(first, ben) < 5
    began = time.monotonic()

    await second.close()

    assert await hear_of(first, ben) >= LONG_AGO - 1
    assert time.monotonic() - began < 5


async def test_who_opens_another_page_has_not_left(connect, ada, ben):
    room = await run_in_db_thread(private_room, ada, ben)
    first, second = await enter(connect, ada, room), await enter(connect, ben, room)
    assert await hear_of(first, ben) < 5

    await second.close()
    again = await enter(connect, ben, room)
    assert await hear_of(first, ben) < 5
    await asyncio.sleep(1.2)
    await again.tell("typing", room=str(room.uid))  # what comes behind all that was told of presence
    await first.hear("typing")

    assert not [frame for frame in first.buffered if frame["type"] == "presence"]
