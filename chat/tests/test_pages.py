"""What people see, without scripts."""

import re

import pytest
from django.urls import reverse

from chat.models import Membership, Message, Reaction, Room, SupportCase
from chat.services import changes, rooms
from chat.tests.factories import RoomFactory, case_of, conversation, fill, private_room, say
from core import cards
from core.cards import Card
from core.context import Actor
from core.ids import uuid7
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

ROWS = ("chat.Room", "chat.Message", "chat.Membership", "chat.SupportCase", "chat.Reaction")


def url(name, room, *args):
    return reverse(f"chat:{name}", args=[room.uid, *args])


@pytest.fixture
def things():
    """An order of Ada's and a piece that everyone may see, as other apps would give their cards."""
    kept = dict(cards._resolvers)
    cards._resolvers["thing"] = lambda ids, viewer: {i: Card("thing", i, f"Thing {i}", f"/things/{i}/") for i in ids}

    def orders(ids, viewer):
        own = viewer.user is not None and (viewer.user.email == "ada@example.com" or viewer.user.is_staff)
        return {i: Card("order", i, f"Order {i}", f"/orders/{i}/") for i in ids} if own else {}

    cards._resolvers["order"] = orders
    cards._resolvers["post"] = lambda ids, viewer: {i: Card("post", i, f"Post {i}", f"/posts/{i}/") for i in ids}
    yield
    cards._resolvers.clear()
    cards._resolvers.update(kept)


def test_a_stranger_reads_a_public_room_and_is_asked_to_sign_in(client, room, ada):
    say(room, ada, "Which oat glaze?")

    page = client.get("/talk/rooms/glaze-talk/")

    text = page.content.decode()
    assert page.status_code == 200
    assert "Which oat glaze?" in text
    assert "/account/login/?next=/talk/rooms/glaze-talk/" in text
    assert "csrfmiddlewaretoken" not in text
    assert "chat.js" not in text


@pytest.mark.parametrize("opened", ["private", "support", "dm"])
def test_a_room_that_is_not_the_viewers_is_not_found(client, ada, ben, stranger, opened):
    room = {
        "private": lambda: private_room(ada, ben),
        "support": lambda: conversation(ada),
        "dm": lambda: rooms.open_direct(with_user=ben, by=Actor.person(ada)),
    }[opened]()
    say(room, ada)
    client.force_login(stranger)
    before = snapshot(*ROWS)

    answers = [
        client.get(url("conversation", room)),
        client.get(url("message", room, 1)),
        client.get(url("cards", room, 1)),
        client.post(url("send", room), {"client_id": uuid7(), "body": "Hi"}),
        client.post(url("edit", room, 1), {"body": "Mine now"}),
        client.post(url("delete", room, 1)),
        client.post(url("react", room, 1), {"emoji": "👍"}),
        client.post(url("report", room, 1), {"reason": "spam"}),
        client.post(url("place", room), {"verb": "join"}),
        client.post(url("read", room)),
        client.post(url("case", room), {"verb": "close"}),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert snapshot(*ROWS) == before
    assert no_event("message.reported")


@pytest.mark.parametrize("name", ["send", "place", "read", "case"])
def test_a_stranger_is_sent_to_sign_in_before_anything_happens(client, room, name):
    before = snapshot(*ROWS)

    answer = client.post(url(name, room), {"verb": "join", "body": "Hi", "client_id": uuid7()})

    assert answer.status_code == 302
    assert answer.url.startswith("/account/login/")
    assert snapshot(*ROWS) == before


def test_the_composer_says_it_and_leads_to_it(client, room, ada):
    client.force_login(ada)

    answer = client.post(url("send", room), {"client_id": uuid7(), "body": "Hello\r\nthere"})

    message = Message.objects.get()
    assert (answer.status_code, answer.url) == (302, "/talk/rooms/glaze-talk/#m1")
    assert message.body == "Hello\nthere"


def test_a_form_sent_twice_says_it_once(client, room, ada):
    client.force_login(ada)
    cid = re.search(r'name="client_id" value="([^"]+)"', client.get("/talk/rooms/glaze-talk/").content.decode())[1]

    answers = [client.post(url("send", room), {"client_id": cid, "body": "Once"}) for _ in range(2)]

    assert [answer.url for answer in answers] == ["/talk/rooms/glaze-talk/#m1"] * 2
    assert Message.objects.count() == 1


def test_what_cannot_be_said_stays_in_the_composer(client, room, ada):
    client.force_login(ada)

    answer = client.post(url("send", room), {"client_id": uuid7(), "body": "x" * 10_001})

    assert answer.status_code == 422
    assert "x" * 10_001 in answer.content.decode()
    assert not Message.objects.exists()


def test_the_log_shows_days_where_the_unread_begins_and_who_said_what(client, room, ada, ben):
    say(room, ada, "First")
    say(room, ben, "Second")
    say(room, ben, "Third", reply_to=1)
    Membership.objects.filter(user=ada).update(last_read_seq=1)
    client.force_login(ada)

    text = client.get("/talk/rooms/glaze-talk/").content.decode()

    log = text[text.index('<ol id="log">') :]
    order = [
        log.index(mark)
        for mark in ('class="day-line"', "First", 'class="unread-line"', "Second", 'href="#m1"', "Third")
    ]
    assert order == sorted(order)
    assert log.count('class="day-line"') == 2  # one of them is the script's template


def test_earlier_messages_are_a_link_away(client, room, ada):
    fill(room, ada, 60)
    client.force_login(ada)

    newest = client.get("/talk/rooms/glaze-talk/").content.decode()
    earlier = client.get("/talk/rooms/glaze-talk/?before=11").content.decode()

    assert 'href="?before=11"' in newest
    assert "Message 60" in newest
    assert "Message 10<" in earlier
    assert "Message 11<" not in earlier
    assert "data-older" not in earlier


def test_a_removed_message_leaves_a_tombstone_and_no_words(client, room, ada):
    say(room, ada, "Regrettable")
    changes.delete_message(room_uid=room.uid, seq=1, by=Actor.person(ada))

    text = client.get("/talk/rooms/glaze-talk/").content.decode()

    assert "Regrettable" not in text
    assert "This message was removed." in text


def test_one_changes_and_removes_ones_own_message(client, room, ada):
    say(room, ada, "Frist")
    client.force_login(ada)

    changed = client.post(url("edit", room, 1), {"body": "First"})
    body = Message.objects.get().body
    removed = client.post(url("delete", room, 1))

    assert (changed.status_code, removed.status_code) == (302, 302)
    assert changed.url == "/talk/rooms/glaze-talk/#m1"
    assert body == "First"
    assert Message.objects.get().deleted_at is not None


def test_nobody_changes_or_removes_what_somebody_else_said(client, room, ada, ben):
    say(room, ada, "Mine")
    client.force_login(ben)
    before = snapshot(*ROWS)

    answers = [client.post(url("edit", room, 1), {"body": "Yours"}), client.post(url("delete", room, 1))]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert snapshot(*ROWS) == before
    assert no_event("message.removed")


def test_a_mark_is_put_on_and_taken_back(client, room, ada):
    say(room, ada)
    client.force_login(ada)

    client.post(url("react", room, 1), {"emoji": "🎉"})
    put = Reaction.objects.count()
    client.post(url("react", room, 1), {"emoji": "🎉"})

    assert (put, Reaction.objects.count()) == (1, 0)


def test_only_offered_marks_are_taken(client, room, ada):
    say(room, ada)
    client.force_login(ada)

    answer = client.post(url("react", room, 1), {"emoji": "💣"})

    assert answer.status_code == 422
    assert not Reaction.objects.exists()


def test_the_menu_is_a_fragment_for_the_dialog_and_a_page_without(client, room, ada):
    say(room, ada)
    client.force_login(ada)

    page = client.get(url("message", room, 1))
    fragment = client.get(url("message", room, 1), headers={"HX-Request": "true"})

    assert "<html" in page.content.decode()
    assert "<html" not in fragment.content.decode()
    assert "HX-Request" in fragment["Vary"]


def test_a_report_reaches_staff_as_an_event_without_words(client, room, ada, ben):
    message = say(room, ada, "Buy my pills")
    client.force_login(ben)

    client.post(url("report", room, 1), {"reason": "spam"})

    (event,) = events_named("message.reported")
    assert (event.subject_id, event.data) == (message.public_id, {"reason": "spam", "room": room.public_id})


def test_joining_muting_and_leaving(client, room, ada):
    client.force_login(ada)

    client.post(url("place", room), {"verb": "join"})
    client.post(url("place", room), {"verb": "mute"})
    muted = Membership.objects.get()
    client.post(url("place", room), {"verb": "leave"})

    assert (muted.muted, muted.left_at) == (True, None)
    assert Membership.objects.get().left_at is not None


def test_marking_read_clears_what_is_unread(client, room, ada, ben):
    rooms.join_room(room_uid=room.uid, by=Actor.person(ada))
    say(room, ben)
    client.force_login(ada)
    before = client.get("/talk/").content.decode()

    client.post(url("read", room))

    assert "data-unread" in before
    assert "data-unread" not in client.get("/talk/").content.decode()


def test_writing_to_a_person_opens_one_room_for_the_two(client, ada, ben):
    client.force_login(ada)
    first = client.post(reverse("chat:direct", args=[ben.uid]))
    client.force_login(ben)
    second = client.post(reverse("chat:direct", args=[ada.uid]))

    assert first.url == second.url
    assert Room.objects.get().memberships.count() == 2


def test_a_question_about_an_order_begins_one_conversation(client, ada, things):
    client.force_login(ada)
    start = client.get("/talk/about/order/A-1/")
    asked = {"client_id": uuid7(), "body": "Where is it?"}

    first, again = client.post("/talk/about/order/A-1/", asked), client.post("/talk/about/order/A-1/", asked)

    room = Room.objects.get()
    assert (start.status_code, Message.objects.count()) == (200, 1)
    assert first.url == again.url == room.get_absolute_url()
    assert (room.kind, room.title, room.subject, room.customer) == ("support", "Order A-1", ("order", "A-1"), ada)
    assert client.get("/talk/about/order/A-1/").url == room.get_absolute_url()
    assert [event.data for event in events_named("conversation.opened")] == [{"about_kind": "order", "about_id": "A-1"}]


def test_looking_at_the_start_page_makes_nothing(client, ada, things):
    client.force_login(ada)

    client.get("/talk/about/order/A-1/")

    assert not Room.objects.exists()


@pytest.mark.parametrize("path", ["/talk/about/order/A-1/", "/talk/about/nothing/x/"])
def test_what_one_may_not_see_one_cannot_talk_about(client, stranger, things, path):
    client.force_login(stranger)

    answers = [client.get(path), client.post(path, {"client_id": uuid7(), "body": "Let me see"})]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert not Room.objects.exists()
    assert no_event("conversation.opened")


def test_an_agent_meets_the_customers_conversation_about_the_order(client, ada, agent, things):
    room = conversation(ada, about=("order", "A-1"))
    client.force_login(agent)

    assert client.get("/talk/about/order/A-1/").url == room.get_absolute_url()
    other = client.get("/talk/about/order/A-2/")
    assert "The customer has not written about this yet." in other.content.decode()
    assert client.post("/talk/about/order/A-2/", {"client_id": uuid7(), "body": "Hi"}).status_code == 200
    assert Room.objects.count() == 1


def test_a_post_has_one_public_room(client, ada, ben, things):
    for user in (ada, ben):
        client.force_login(user)
        client.post("/talk/about/post/on-glazes/", {"client_id": uuid7(), "body": "Nice"})

    room = Room.objects.get()
    assert (room.kind, room.subject, room.last_seq) == ("public", ("post", "on-glazes"), 2)
    assert client.get("/talk/about/post/on-glazes/").url == room.get_absolute_url()


def test_writing_about_nothing_in_particular(client, ada):
    client.force_login(ada)
    asked = {"client_id": uuid7(), "title": "Opening hours", "body": "Are you open on Sunday?"}

    answers = [client.post("/talk/new/", asked) for _ in range(2)]

    room = Room.objects.get()
    assert {answer.url for answer in answers} == {room.get_absolute_url()}
    assert (room.title, room.last_seq, case_of(room).status) == ("Opening hours", 1, "open")


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


@pytest.mark.parametrize(
    ("path", "budget"), [("/talk/", 8), ("/talk/rooms/glaze-talk/", 8), ("/talk/rooms/glaze-talk/?before=90", 8)]
)
@pytest.mark.parametrize("size", [1, 24, 100])
def test_pages_take_the_same_few_queries_however_much_there_is(client, room, ada, ben, statements, size, path, budget):
    fill(room, ben, size)
    for number in range(size):
        message = Message.objects.get(room=room, seq=number + 1)
        Reaction.objects.create(message=message, user=ben, emoji="👍")
        say(RoomFactory(), ada)
    say(room, ada)
    client.force_login(ada)

    with statements() as run:
        assert client.get(path).status_code == 200

    assert len(run.sql) <= budget, run.sql


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
