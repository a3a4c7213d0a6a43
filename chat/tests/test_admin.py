"""Staff look after rooms, messages and cases in the admin, through the services."""

import pytest
from django.urls import reverse

from chat.messages.models import Message
from chat.rooms.models import Room
from chat.support.models import SupportCase
from chat.tests.factories import case_of, conversation, private_room, say
from core.context import Actor
from core.search.models import SearchDocument
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db


def changelist(model, action, *rows):
    return reverse(f"admin:chat_{model}_changelist"), {"action": action, "_selected_action": [row.pk for row in rows]}


def test_a_public_room_is_made_renamed_and_closed(client, staff, deliver_events):
    client.force_login(staff)
    client.post(reverse("admin:chat_room_add"), {"title": "Glaze talk", "slug": "glaze-talk", "topic": "What runs"})
    room = Room.objects.get()
    client.post(reverse("admin:chat_room_change", args=[room.pk]), {"title": "Glazes", "slug": "glazes", "topic": ""})
    deliver_events()
    found = SearchDocument.objects.get(kind="room")
    client.post(*changelist("room", "archive", room))
    deliver_events()

    room.refresh_from_db()
    assert (room.kind, room.title, room.slug) == ("public", "Glazes", "glazes")
    assert (found.title, found.url) == ("Glazes", "/talk/rooms/glazes/")
    assert room.archived_at is not None
    assert not SearchDocument.objects.filter(kind="room").exists()
    assert [len(events_named(name)) for name in ("room.created", "room.changed", "room.archived")] == [1, 1, 1]


def test_a_message_is_removed_and_the_removal_is_on_record(client, staff, room, ada):
    message = say(room, ada, "Buy my pills")
    client.force_login(staff)

    client.post(*changelist("message", "remove", message))

    message.refresh_from_db()
    page = client.get(reverse("admin:chat_message_change", args=[message.pk])).content.decode()
    assert (message.body, message.deleted_at is not None) == ("", True)
    assert "Buy my pills" in page
    assert [event.subject_id for event in events_named("message.removed")] == [message.public_id]
    assert message.edits.get().body == "Buy my pills"


def test_without_the_permission_nothing_is_removed(client, author, room, ada):
    message = say(room, ada)
    client.force_login(author)

    answer = client.post(*changelist("message", "remove", message))

    assert answer.status_code == 403
    assert Message.objects.get().deleted_at is None
    assert no_event("message.removed")


def test_what_is_said_in_private_is_not_in_the_admin(client, staff, ada, ben):
    hidden = say(private_room(ada, ben), ada, "Between us")
    client.force_login(staff)

    listed = client.get(reverse("admin:chat_message_changelist")).content.decode()
    answer = client.get(reverse("admin:chat_message_change", args=[hidden.pk]))

    assert "Between us" not in listed
    assert answer.status_code == 302  # to the list: there is no such message


def test_a_case_is_read_taken_and_closed(client, agent, ada):
    room = conversation(ada)
    say(room, ada, "Where is my parcel?")
    case = case_of(room)
    client.force_login(agent)

    page = client.get(reverse("admin:chat_supportcase_change", args=[case.pk])).content.decode()
    for verb in ("take", "close"):
        client.post(reverse("admin:chat_supportcase_act", args=[case.pk, verb]))

    case.refresh_from_db()
    assert "Where is my parcel?" in page
    assert (case.assignee, case.status) == (agent, "closed")


def test_bulk_close_reports_already_closed_cases(client, agent, ada, ben):
    closed, opened = conversation(ada), conversation(ben)
    from chat.support import services as cases

    cases.close_case(room_uid=closed.uid, by=Actor.person(agent))
    client.force_login(agent)

    answer = client.post(*changelist("supportcase", "close", case_of(closed), case_of(opened)), follow=True)

    assert {case.status for case in SupportCase.objects.all()} == {"closed"}
    assert "Done for 1." in answer.content.decode()
    assert "This conversation is already closed." in answer.content.decode()


@pytest.mark.parametrize("verb", ["reply", "take", "close", "reopen"])
def test_who_does_not_answer_customers_does_nothing_to_a_case(client, author, ada, verb):
    case = case_of(conversation(ada))
    client.force_login(author)
    before = snapshot("chat.SupportCase", "chat.Message", "chat.Membership")

    url = reverse("admin:chat_supportcase_act", args=[case.pk, verb])
    answers = [client.post(url, {"body": "x"}), client.get(reverse("admin:chat_supportcase_change", args=[case.pk]))]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert snapshot("chat.SupportCase", "chat.Message", "chat.Membership") == before


@pytest.mark.parametrize("model", ["room", "message", "supportcase"])
@pytest.mark.parametrize("size", [1, 24, 100])
def test_lists_take_the_same_queries_for_many_rows(client, staff, room, ada, statements, model, size):
    for _ in range(size):
        say(conversation(ada), ada)
    client.force_login(staff)

    with statements() as run:
        assert client.get(reverse(f"admin:chat_{model}_changelist")).status_code == 200

    assert len(run.sql) <= 9, run.sql
