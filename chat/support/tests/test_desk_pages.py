"""The desk and what agents decide about a conversation, on its pages."""

import pytest

from chat.rooms.models import Room
from chat.support.models import SupportCase
from chat.tests.factories import case_of, conversation, say
from chat.tests.pages import ROWS, url
from core.ids import uuid7
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db


def test_an_agent_meets_the_customers_conversation_about_the_order(client, ada, agent, things):
    room = conversation(ada, about=("order", "A-1"))
    client.force_login(agent)

    assert client.get("/talk/about/order/A-1/").url == room.get_absolute_url()
    other = client.get("/talk/about/order/A-2/")
    assert "The customer has not sent a message about this yet." in other.content.decode()
    assert client.post("/talk/about/order/A-2/", {"client_id": uuid7(), "body": "Hi"}).status_code == 200
    assert Room.objects.count() == 1


def test_the_desk_is_for_those_who_answer(client, ada, author, agent):
    conversation(ada, title="A chipped rim")
    seen = []
    for user in (ada, author, agent):
        client.force_login(user)
        seen.append(client.get("/talk/desk/").status_code)

    assert seen == [403, 403, 200]


def test_a_case_is_taken_closed_and_taken_up_again(client, ada, agent):
    room = conversation(ada)
    client.force_login(agent)

    states = []
    for verb in ("take", "close", "reopen"):
        client.post(url("case", room), {"verb": verb})
        case = case_of(room)
        states.append((case.assignee, case.status))

    assert states == [(agent, "open"), (agent, "closed"), (agent, "open")]
    assert len(events_named("conversation.assigned")) == 1


def test_a_case_is_given_to_another_agent_with_a_priority(client, ada, agent, staff):
    room = conversation(ada)
    client.force_login(agent)

    client.post(url("case", room), {"verb": "change", "assignee": staff.uid, "priority": "3"})

    case = case_of(room)
    assert (case.assignee, case.priority) == (staff, 3)


def test_a_customer_decides_nothing_about_a_case(client, ada, agent):
    room = conversation(ada)
    client.force_login(ada)
    before = snapshot(*ROWS)

    answers = [
        client.post(url("case", room), {"verb": verb, "assignee": agent.uid, "priority": "3"})
        for verb in ("take", "close", "reopen", "change")
    ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert snapshot(*ROWS) == before
    assert no_event("conversation.closed")


@pytest.mark.parametrize("size", [1, 24, 100])
def test_the_room_of_an_agent_and_the_desk_take_the_same_queries(client, ada, agent, statements, size):
    for _ in range(size):
        room = conversation(ada)
        say(room, ada)
    client.force_login(agent)

    with statements() as desk:
        assert client.get("/talk/desk/").status_code == 200
    with statements() as talk:
        assert client.get(url("conversation", room)).status_code == 200

    assert (len(desk.sql) <= 8, len(talk.sql) <= 14) == (True, True), (desk.sql, talk.sql)
    assert SupportCase.objects.count() == size
