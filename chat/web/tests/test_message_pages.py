"""One message on its pages: said, changed, removed, marked, reported; without scripts, and as fragments."""

import re

import pytest

from chat.messages.models import Message, Reaction
from chat.messages.services import changes
from chat.tests.factories import say
from chat.tests.pages import ROWS, url
from core.context import Actor
from core.ids import uuid7
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db


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


def test_a_removed_message_leaves_a_tombstone_and_no_words(client, room, ada):
    say(room, ada, "Regrettable")
    changes.delete_message(room_uid=room.uid, seq=1, by=Actor.person(ada))

    text = client.get("/talk/rooms/glaze-talk/").content.decode()

    assert "Regrettable" not in text
    assert "This message was deleted." in text


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


def test_editing_or_deleting_messages_of_others_is_rejected(client, room, ada, ben):
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
