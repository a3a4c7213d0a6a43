"""The conversation for programs."""

import pytest
from rest_framework.test import APIClient

from chat.messages.models import Message, Reaction
from chat.messages.services import changes
from chat.rooms.models import Room
from chat.rooms.services import rooms
from chat.support import services as cases
from chat.tests.factories import RoomFactory, case_of, conversation, fill, private_room, say
from core.composition import cards
from core.composition.cards import Card
from core.context import Actor
from core.ids import uuid7
from core.testing import no_event, snapshot

pytestmark = pytest.mark.django_db

ROWS = ("chat.Room", "chat.Message", "chat.Membership", "chat.SupportCase", "chat.Reaction")


@pytest.fixture
def as_ada(ada):
    client = APIClient()
    client.force_login(ada)
    return client


def path(room, rest=""):
    return f"/api/v1/rooms/{room.uid}/{rest}"


def test_strangers_get_nothing_without_credentials(api, room):
    answers = [api.get("/api/v1/rooms/"), api.get(path(room)), api.post(path(room, "messages/"), {})]

    assert [answer.status_code for answer in answers] == [401] * 3


def test_the_list_holds_public_rooms_and_ones_own_with_ones_place(as_ada, room, ada, ben):
    private_room(ben)
    mine = private_room(ada, ben)
    say(mine, ben)

    results = as_ada.get("/api/v1/rooms/").json()["results"]

    assert [found["uid"] for found in results] == [str(mine.uid), str(room.uid)]
    assert results[0]["place"] == {"role": "member", "read_seq": 0, "unread": 1, "muted": False}
    assert results[1]["place"] is None
    assert {key for found in results for key in found} == {
        "uid", "kind", "slug", "title", "topic", "about", "url", "last_seq", "last_rev", "last_message_at", "is_archived", "place",
    }  # fmt: skip


def test_no_bigint_key_leaves(as_ada, room, ada):
    say(room, ada)
    texts = [as_ada.get(url).content.decode() for url in ("/api/v1/rooms/", path(room), path(room, "messages/"))]

    assert all('"room_id"' not in text and '"author_id"' not in text and '"pk"' not in text for text in texts)


def test_sending_answers_201_and_again_200_with_the_same_message(as_ada, room):
    asked = {"client_id": str(uuid7()), "body": "Hello"}

    first, again = as_ada.post(path(room, "messages/"), asked), as_ada.post(path(room, "messages/"), asked)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json() == as_ada.get(path(room, "messages/1/")).json()
    assert Message.objects.count() == 1


def test_a_reused_client_id_is_a_conflict(as_ada, room):
    cid = str(uuid7())
    as_ada.post(path(room, "messages/"), {"client_id": cid, "body": "One"})

    answer = as_ada.post(path(room, "messages/"), {"client_id": cid, "body": "Two"})

    assert (answer.status_code, answer.json()["code"]) == (409, "client_id_reused")


def test_messages_are_paged_newest_first(as_ada, room, ada):
    fill(room, ada, 60)

    first = as_ada.get(path(room, "messages/"), {"page_size": 50}).json()
    second = as_ada.get(first["next"]).json()

    seqs = [message["seq"] for page in (first, second) for message in page["results"]]
    assert seqs == list(range(60, 0, -1))
    assert second["next"] is None


def test_resuming_by_revision_gives_every_change_in_its_last_state(as_ada, room, ada, ben):
    for body in ("one", "two", "three"):
        say(room, ada, body)
    changes.edit_message(room_uid=room.uid, seq=1, body="one!", by=Actor.person(ada))
    changes.react(room_uid=room.uid, seq=2, emoji="👍", on=True, by=Actor.person(ben))

    results = as_ada.get(path(room, "messages/"), {"after_rev": 2}).json()["results"]

    assert [(m["seq"], m["rev"], m["body"]) for m in results] == [(3, 3, "three"), (1, 4, "one!"), (2, 5, "two")]


def test_resuming_goes_on_page_by_page(as_ada, room, ada):
    fill(room, ada, 30)
    page = as_ada.get(path(room, "messages/"), {"after_rev": 5, "page_size": 10}).json()
    revs = [m["rev"] for m in page["results"]]
    while page["next"]:
        page = as_ada.get(page["next"]).json()
        revs += [m["rev"] for m in page["results"]]

    assert revs == list(range(6, 31))


def test_a_bad_revision_is_refused(as_ada, room):
    answer = as_ada.get(path(room, "messages/"), {"after_rev": "-1"})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/after_rev")


def test_changing_and_removing(as_ada, room, ada):
    say(room, ada, "Frist")

    changed = as_ada.patch(path(room, "messages/1/"), {"body": "First"}).json()
    removed = as_ada.delete(path(room, "messages/1/")).json()

    assert (changed["body"], changed["rev"], changed["edited_at"] is not None) == ("First", 2, True)
    assert (removed["body"], removed["html"], removed["rev"], removed["deleted"]) == ("", "", 3, True)


def test_marks(as_ada, room, ada):
    say(room, ada)

    put = as_ada.put(path(room, "messages/1/reactions/👍/")).json()
    again = as_ada.put(path(room, "messages/1/reactions/👍/")).json()
    back = as_ada.delete(path(room, "messages/1/reactions/👍/")).json()
    wrong = as_ada.put(path(room, "messages/1/reactions/x/"))

    assert put["reactions"] == [{"emoji": "👍", "people": [str(ada.uid)]}]
    assert (again["rev"], back["rev"], back["reactions"]) == (2, 3, [])
    assert wrong.status_code == 422
    assert not Reaction.objects.exists()


def test_reading_never_moves_back_nor_beyond(as_ada, room, ada, ben):
    rooms.join_room(room_uid=room.uid, by=Actor.person(ada))
    fill(room, ben, 5)

    marks = [as_ada.put(path(room, "read/"), {"seq": seq}).json()["read_seq"] for seq in (3, 1, 99)]

    assert marks == [3, 3, 5]


def test_joining_muting_leaving(as_ada, room):
    joined = as_ada.put(path(room, "place/")).json()
    muted = as_ada.patch(path(room, "place/"), {"muted": True}).json()
    left = as_ada.delete(path(room, "place/"))

    assert (joined["place"]["role"], muted["place"]["muted"], left.status_code) == ("member", True, 204)
    assert as_ada.get(path(room)).json()["place"] is None


def test_a_room_that_is_not_the_callers_does_not_exist_and_nothing_changes(api, ada, ben, stranger):
    room = private_room(ada, ben)
    say(room, ada)
    api.force_login(stranger)
    before = snapshot(*ROWS)

    answers = [
        api.get(path(room)),
        api.get(path(room, "messages/")),
        api.get(path(room, "messages/1/")),
        api.post(path(room, "messages/"), {"client_id": str(uuid7()), "body": "Hi"}),
        api.patch(path(room, "messages/1/"), {"body": "x"}),
        api.delete(path(room, "messages/1/")),
        api.put(path(room, "messages/1/reactions/👍/")),
        api.post(path(room, "messages/1/reports/"), {"reason": "spam"}),
        api.put(path(room, "read/"), {"seq": 1}),
        api.put(path(room, "place/")),
        api.patch(path(room, "place/"), {"muted": True}),
        api.delete(path(room, "place/")),
        api.patch(f"/api/v1/conversations/{room.uid}/", {"status": "closed"}),
    ]

    assert [answer.status_code for answer in answers] == [404] * 13
    assert snapshot(*ROWS) == before
    assert no_event("message.reported")


@pytest.fixture
def orders():
    kept = dict(cards._resolvers)
    cards._resolvers["order"] = lambda ids, viewer: (
        {i: Card("order", i, f"Order {i}", "/") for i in ids}
        if viewer.user and viewer.user.email == "ada@example.com"
        else {}
    )
    yield
    cards._resolvers.clear()
    cards._resolvers.update(kept)


def test_a_conversation_about_an_order_is_opened_once(as_ada, ada, orders):
    asked = {"about": {"kind": "order", "id": "A-1"}, "client_id": str(uuid7()), "body": "Where is it?"}

    first, again = as_ada.post("/api/v1/conversations/", asked), as_ada.post("/api/v1/conversations/", asked)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["title"] == "Order A-1"
    assert (Room.objects.count(), Message.objects.count()) == (1, 1)


def test_about_a_thing_that_one_may_not_see_nothing_is_opened(api, stranger, orders):
    api.force_login(stranger)
    asked = {"about": {"kind": "order", "id": "A-1"}, "client_id": str(uuid7()), "body": "Where is it?"}

    answer = api.post("/api/v1/conversations/", asked)

    assert answer.status_code == 404
    assert not Room.objects.exists()
    assert no_event("conversation.opened")


def test_an_agent_gives_prioritises_and_closes(api, ada, agent):
    room = conversation(ada)
    api.force_login(agent)

    answer = api.patch(
        f"/api/v1/conversations/{room.uid}/", {"assignee": str(agent.uid), "priority": 3, "status": "closed"}
    )

    body = answer.json()
    assert (answer.status_code, body["status"], body["priority"]) == (200, "closed", 3)
    assert body["assignee"] == {"uid": str(agent.uid), "name": "Ana Agent", "avatar": None}
    assert case_of(room).assignee == agent


def test_a_change_of_a_case_that_is_refused_changes_nothing(api, ada, agent):
    room = conversation(ada)
    cases.close_case(room_uid=room.uid, by=Actor.person(agent))
    before = snapshot(*ROWS, "core.Event")
    api.force_login(agent)

    answers = [
        api.patch(f"/api/v1/conversations/{room.uid}/", {"priority": 1, "assignee": str(who.uid), "status": status})
        for who, status in ((agent, "closed"), (ada, "open"))
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (409, "case_closed"),
        (422, "not_an_agent"),
    ]
    assert snapshot(*ROWS, "core.Event") == before


@pytest.mark.parametrize(
    ("more", "code", "pointer"),
    [
        ({"reply_to": 7}, "unknown_reply", "/reply_to"),
        ({"cards": [{"kind": "thing", "id": "mug"}, {"kind": "order", "id": "A-1"}]}, "unknown_card", "/cards/1"),
    ],
)
def test_a_reply_or_card_that_is_not_there_is_refused_and_nothing_is_said(api, room, ben, things, more, code, pointer):
    api.force_login(ben)
    before = snapshot(*ROWS)

    answer = api.post(path(room, "messages/"), {"client_id": str(uuid7()), "body": "Look", **more})

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert snapshot(*ROWS) == before


def test_a_customer_sees_their_case_and_decides_nothing(as_ada, ada, ben):
    room = conversation(ada)
    conversation(ben)
    before = snapshot(*ROWS)

    listed = as_ada.get("/api/v1/conversations/").json()["results"]
    refused = as_ada.patch(f"/api/v1/conversations/{room.uid}/", {"status": "closed"})

    assert [found["uid"] for found in listed] == [str(room.uid)]
    assert refused.status_code == 403
    assert snapshot(*ROWS) == before


@pytest.mark.parametrize("size", [1, 24, 100])
def test_lists_take_at_most_five_queries_however_much_there_is(as_ada, room, ada, ben, statements, size):
    fill(room, ben, size)
    for message in Message.objects.all():
        Reaction.objects.create(message=message, user=ben, emoji="👍")
    for _ in range(size):
        say(RoomFactory(), ada)
        conversation(ada)
    counts = []

    for url in (
        "/api/v1/rooms/",
        path(room, "messages/"),
        path(room, "messages/?after_rev=0"),
        "/api/v1/conversations/",
    ):
        with statements() as run:
            assert as_ada.get(url, {"page_size": 100}).status_code == 200
        counts.append(len(run.sql))

    assert max(counts) <= 5, counts


def test_of_a_change_that_is_refused_in_one_part_nothing_is_done(api, ada, agent):
    room = conversation(ada)
    api.force_login(agent)
    api.patch(f"/api/v1/conversations/{room.uid}/", {"status": "closed"})
    before = snapshot(*ROWS, "core.Event")

    asked = {"priority": 1, "assignee": str(agent.uid), "status": "closed"}
    refused = api.patch(f"/api/v1/conversations/{room.uid}/", asked)

    assert (refused.status_code, refused.json()["code"]) == (409, "case_closed")
    assert snapshot(*ROWS, "core.Event") == before


@pytest.mark.parametrize(
    ("asked", "status", "pointer", "code"),
    [
        ({"reply_to": 99}, 422, "/reply_to", "unknown_reply"),
        (
            {"cards": [{"kind": "room", "id": "here"}, {"kind": "room", "id": str(uuid7())}]},
            422,
            "/cards/1",
            "unknown_card",
        ),
        ({"cards": [{"kind": "ghost", "id": "x"}]}, 400, "/cards/0/kind", "invalid_choice"),
    ],
)
def test_a_message_that_names_what_is_not_there_is_refused(as_ada, room, ada, asked, status, pointer, code):
    say(room, ada)
    for card in asked.get("cards", ()):
        card["id"] = str(room.uid) if card["id"] == "here" else card["id"]
    before = snapshot(*ROWS)

    answer = as_ada.post(path(room, "messages/"), {"client_id": str(uuid7()), "body": "Look", **asked})

    assert answer.status_code == status
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert snapshot(*ROWS) == before


def test_a_message_is_sent_again_although_what_it_shows_is_gone_meanwhile(as_ada, room, ada):
    other = RoomFactory()
    asked = {"client_id": str(uuid7()), "body": "Look", "cards": [{"kind": "room", "id": str(other.uid)}]}

    first = as_ada.post(path(room, "messages/"), asked)
    other.delete()
    again = as_ada.post(path(room, "messages/"), asked)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
