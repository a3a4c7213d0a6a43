"""Customers' conversations with the house."""

from datetime import timedelta

import pytest
from django.utils import timezone

from chat.messages.models import Message
from chat.messages.services.messages import EmptyMessage
from chat.rooms.models import Membership, Room
from chat.rooms.queries import NotAMember
from chat.support import queries as support_queries
from chat.support import services as cases
from chat.support.services import CaseClosed, NotAnAgent, NotSupportRoom
from chat.tests.factories import case_of, conversation, say
from core.context import Actor, Grant
from core.errors import Denied, Invalid, NotFound
from core.ids import uuid7
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

ROWS = ("chat.Room", "chat.Membership", "chat.SupportCase", "chat.Message")


def person(user):
    return Actor.person(user)


def test_a_conversation_begins_with_its_first_words(ada):
    opened = cases.open_conversation(
        about=None, title="Opening hours", customer=ada, by=person(ada), body="Sunday?", client_id=uuid7()
    )

    case = case_of(opened.room)
    assert opened.new
    assert (case.status, case.priority, case.assignee) == ("open", 2, None)
    assert Message.objects.get().body == "Sunday?"
    assert Membership.objects.get().user == ada


def test_without_words_there_is_no_conversation(ada):
    with pytest.raises(EmptyMessage):
        cases.open_conversation(about=None, title="x", customer=ada, by=person(ada), body=" ", client_id=uuid7())

    assert not Room.objects.exists()
    assert no_event("conversation.opened")


def test_opening_a_conversation_for_another_user_requires_an_agent(ada, ben, agent):
    for by, refusal in ((person(ben), Denied), (Actor.guest(), NotAMember)):
        with pytest.raises(refusal):
            cases.open_conversation(about=None, title="x", customer=ada, by=by)
    assert not Room.objects.exists()

    opened = cases.open_conversation(about=("order", "A-1"), title="Order A-1", customer=ada, by=person(agent))

    assert opened.room.customer == ada


def test_customers_have_a_conversation_each_about_the_same_piece(ada, ben):
    rooms = [conversation(who, about=("product", "mug")) for who in (ada, ben)]

    assert rooms[0] != rooms[1]
    assert support_queries.get_rooms_about("product", "mug", Grant.session(ben)) == rooms[1]


def test_assigning_seats_the_agent_and_is_recorded_once(ada, agent):
    room = conversation(ada)

    for _ in range(2):
        cases.assign_case(room_uid=room.uid, assignee=agent, by=person(agent))

    assert case_of(room).assignee == agent
    assert Membership.objects.get(user=agent).role == "agent"
    assert [event.data for event in events_named("conversation.assigned")] == [{"assignee": str(agent.uid)}]


def test_answering_an_unassigned_case_takes_it(ada, agent, staff):
    room = conversation(ada)

    for who in (agent, staff):
        say(room, who, "We look into it.")

    assert case_of(room).assignee == agent
    assert [(event.actor_id, event.data) for event in events_named("conversation.assigned")] == [
        (str(agent.uid), {"assignee": str(agent.uid)})
    ]


def test_the_customer_writing_takes_nothing(ada, agent):
    room = conversation(ada)
    say(room, ada)

    assert case_of(room).assignee is None
    assert no_event("conversation.assigned")


def test_case_can_be_unassigned(ada, agent):
    room = conversation(ada)
    cases.assign_case(room_uid=room.uid, assignee=agent, by=person(agent))

    cases.assign_case(room_uid=room.uid, assignee=None, by=person(agent))

    assert case_of(room).assignee is None


def test_a_case_is_not_given_to_who_does_not_answer(ada, ben, author, agent):
    room = conversation(ada)
    for nobody in (ben, author):
        with pytest.raises(NotAnAgent):
            cases.assign_case(room_uid=room.uid, assignee=nobody, by=person(agent))

    assert case_of(room).assignee is None
    assert no_event("conversation.assigned")


@pytest.mark.parametrize("verb", ["assign", "close", "reopen", "prioritise"])
@pytest.mark.parametrize("who", ["customer_of_it", "stranger", "author"])
def test_only_those_who_answer_decide(ada, stranger, author, verb, who):
    room = conversation(ada)
    by = person({"customer_of_it": ada, "stranger": stranger, "author": author}[who])
    before = snapshot(*ROWS)
    do = {
        "assign": lambda: cases.assign_case(room_uid=room.uid, assignee=None, by=by),
        "close": lambda: cases.close_case(room_uid=room.uid, by=by),
        "reopen": lambda: cases.reopen_case(room_uid=room.uid, by=by),
        "prioritise": lambda: cases.prioritise_case(room_uid=room.uid, priority=3, by=by),
    }[verb]

    with pytest.raises(Denied if who == "customer_of_it" else NotFound):
        do()

    assert snapshot(*ROWS) == before


def test_closing_says_so_once(ada, agent):
    room = conversation(ada)
    closed = cases.close_case(room_uid=room.uid, by=person(agent))

    with pytest.raises(CaseClosed):
        cases.close_case(room_uid=room.uid, by=person(agent))

    assert (closed.status, case_of(room).closed_at is not None) == ("closed", True)
    assert [message.kind for message in Message.objects.all()] == ["system"]


def test_reopening_an_open_case_changes_nothing(ada, agent):
    room = conversation(ada)

    cases.reopen_case(room_uid=room.uid, by=person(agent))

    assert no_event("conversation.reopened")


def test_priorities(ada, agent):
    room = conversation(ada)

    cases.prioritise_case(room_uid=room.uid, priority=3, by=person(agent))
    with pytest.raises(Invalid):
        cases.prioritise_case(room_uid=room.uid, priority=9, by=person(agent))

    assert case_of(room).priority == 3
    assert len(events_named("conversation.prioritised")) == 1


def test_a_public_room_is_no_case(room, agent):
    with pytest.raises(NotSupportRoom):
        cases.close_case(room_uid=room.uid, by=person(agent))


def test_the_queue_shows_the_longest_wait_first_and_counts(ada, ben, agent):
    start = timezone.now() - timedelta(hours=2)
    rooms = []
    for minutes, who in ((30, ada), (10, ben), (20, ada)):
        opened = cases.open_conversation(
            about=None, title=str(minutes), customer=who, by=person(who), now=start + timedelta(minutes=minutes)
        )
        rooms.append(opened.room)
    say(rooms[2], agent, "On it")
    cases.assign_case(room_uid=rooms[0].uid, assignee=agent, by=person(agent))
    viewer = Grant.session(agent)

    tabs = {
        tab: [case.room.title for case in support_queries.get_desk_cases(tab, viewer).order_by("turn_at")]
        for tab in ("open", "mine", "waiting", "closed")
    }

    assert tabs == {"open": ["10", "30"], "mine": ["30", "20"], "waiting": ["20"], "closed": []}
    assert support_queries.count_desk_cases(viewer) == {"open": 2, "mine": 2, "waiting": 1}
    assert support_queries.get_oldest_open_turn() == start + timedelta(minutes=10)


def test_agents_are_those_with_the_permission(agent, staff, author, ada):
    assert list(support_queries.get_agents()) == [agent, staff]
