"""Who is away gets one mail a conversation when messages wait unread, and no other until they have read them."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from accounts.subscriptions.models import Subscription
from accounts.tests.factories import UserFactory
from chat.messages.models import Message
from chat.messages.services import changes, unread
from chat.rooms.models import Membership, Room
from chat.rooms.services import rooms
from chat.support import services as cases
from chat.tests.factories import case_of, conversation, private_room, say
from core.context import Actor
from core.testing import deliver_events, events_named, no_event, race

pytestmark = pytest.mark.django_db

NOW = timezone.now()
LATER = NOW + timedelta(minutes=5)


def sweep(now=LATER):
    """What the worker does every half minute, and what follows."""
    mail.outbox.clear()
    unread.request_due_emails(now=now)
    deliver_events()
    return [message for message in mail.outbox if "List-Unsubscribe" in message.extra_headers]


@pytest.fixture
def answered(ada, agent):
    """A conversation of Ada's in which an agent answered just now."""
    room = conversation(ada, title="A chipped rim")
    say(room, agent, "Send us a picture & we will see.", now=NOW)
    deliver_events()
    return room


def test_an_answer_is_mailed_after_five_minutes_with_its_words_and_a_way_to_it(answered, ada, settings):
    early = sweep(LATER - timedelta(seconds=1))
    [letter] = sweep()

    html = str(letter.alternatives[0][0])
    url = f"{settings.SITE_URL}/talk/c/{answered.uid}/#unread"
    assert early == []
    assert (letter.to, letter.subject) == (["ada@example.com"], "New message from Ana Agent: A chipped rim")
    assert "Ana Agent:\nSend us a picture & we will see." in letter.body
    assert "Send us a picture &amp; we will see." in html
    assert url in letter.body
    assert f'href="{url}"' in html
    assert f"{settings.SITE_URL}/account/notifications/" in letter.body


def test_there_is_one_mail_until_the_messages_are_read(answered, ada, agent):
    first = sweep()
    say(answered, agent, "Are you there?", now=NOW + timedelta(minutes=6))
    again = sweep(NOW + timedelta(hours=1))
    rooms.mark_read(room_uid=answered.uid, seq=2, by=Actor.person(ada))
    after_all = sweep(NOW + timedelta(hours=1))
    say(answered, agent, "Good.", now=NOW + timedelta(hours=2))
    next_one = sweep(NOW + timedelta(hours=2, minutes=5))

    assert [len(first), len(again), len(after_all), len(next_one)] == [1, 0, 0, 1]
    assert "Good." in next_one[0].body
    assert "Are you there?" not in next_one[0].body


def test_several_messages_are_one_mail_that_quotes_five_and_counts_the_rest(answered, agent):
    for number in range(7):
        say(answered, agent, f"Thought {number}.", now=NOW)

    [letter] = sweep()

    assert letter.subject == "8 new messages from Ana Agent: A chipped rim"
    assert "Thought 3." in letter.body
    assert "Thought 4." not in letter.body
    assert "And 3 more." in letter.body


def test_two_conversations_are_two_mails(answered, ada, ben):
    direct = rooms.open_direct(with_user=ada, by=Actor.person(ben))
    say(direct, ben, "Hello", now=NOW)

    assert sorted(letter.subject for letter in sweep()) == [
        "New message from Ana Agent: A chipped rim",
        "New message from Ben Bisque",
    ]


def test_what_was_read_or_removed_meanwhile_is_not_mailed(answered, ada, agent):
    unread.request_due_emails(now=LATER)
    changes.delete_message(room_uid=answered.uid, seq=1, by=Actor.person(agent))
    deliver_events()
    removed = [letter.subject for letter in mail.outbox if "List-Unsubscribe" in letter.extra_headers]
    say(answered, agent, "Once more.", now=NOW + timedelta(hours=1))
    unread.request_due_emails(now=NOW + timedelta(hours=2))
    rooms.mark_read(room_uid=answered.uid, seq=2, by=Actor.person(ada))
    deliver_events()

    assert removed == []
    assert [letter for letter in mail.outbox if "List-Unsubscribe" in letter.extra_headers] == []


def test_after_a_mail_that_had_nothing_to_tell_the_next_message_is_mailed(answered, agent):
    unread.request_due_emails(now=LATER)
    changes.delete_message(room_uid=answered.uid, seq=1, by=Actor.person(agent))
    deliver_events()
    say(answered, agent, "What I meant.", now=NOW + timedelta(hours=1))

    [letter] = sweep(NOW + timedelta(hours=1, minutes=5))

    assert "What I meant." in letter.body


def test_a_removed_message_is_left_out_of_the_mail(answered, agent):
    say(answered, agent, "And one more thing.", now=NOW)
    changes.delete_message(room_uid=answered.uid, seq=1, by=Actor.person(agent))

    [letter] = sweep()

    assert letter.subject == "New message from Ana Agent: A chipped rim"
    assert "Send us a picture" not in letter.body


@pytest.mark.parametrize("how", ["muted", "left", "inactive", "own", "system", "old"])
def test_unwanted_messages_send_no_email(answered, ada, agent, how):
    place = Membership.objects.filter(user=ada)
    match how:
        case "muted":
            rooms.mute_room(room_uid=answered.uid, muted=True, by=Actor.person(ada))
        case "left":
            place.update(left_at=NOW)
        case "inactive":
            type(ada).objects.filter(pk=ada.pk).update(is_active=False)
        case "own":
            Message.objects.filter(room=answered).update(author=ada)
        case "system":
            Message.objects.filter(room=answered).update(author=None, kind="system")
        case "old":
            Room.objects.filter(pk=answered.pk).update(last_message_at=NOW - timedelta(days=4))

    assert sweep() == []
    assert no_event("conversation.left_unread")


def test_public_rooms_are_not_mailed_about(room, ada, ben):
    rooms.join_room(room_uid=room.uid, by=Actor.person(ada))
    say(room, ben, now=NOW)

    assert sweep() == []


def test_of_the_staff_only_who_looks_after_the_case_is_mailed(answered, ada, agent, staff):
    cases.assign_case(room_uid=answered.uid, assignee=staff, by=Actor.person(agent))
    say(answered, ada, "Here it is.", now=NOW)

    assert [letter.to for letter in sweep()] == [[staff.email]]
    assert case_of(answered).assignee == staff


def test_the_link_in_the_mail_ends_these_mails_and_the_settings_begin_them_again(client, answered, ada, agent):
    [letter] = sweep()
    stop = letter.extra_headers["List-Unsubscribe"].strip("<>")
    asked = client.get(stop)
    client.post(stop)
    say(private_room(ada, agent), agent, "Hello", now=NOW)
    ended = sweep()
    client.force_login(ada)
    off = client.get("/account/notifications/").content.decode()
    client.post("/account/notifications/", {"topic": "conversations"})
    on = client.get("/account/notifications/").content.decode()

    assert asked.status_code == 200
    assert ended == []
    assert state_in(off) == "off"
    assert state_in(on) == "on"
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_the_mails_are_switched_off_in_the_settings_before_there_was_any(client, answered, ada):
    client.force_login(ada)
    before = client.get("/account/notifications/").content.decode()

    client.post("/account/notifications/", {"topic": "conversations", "off": "1"})

    assert state_in(before) == "on"
    assert state_in(client.get("/account/notifications/").content.decode()) == "off"
    assert sweep() == []
    assert [row.state for row in Subscription.objects.filter(topic="conversations")] == ["ended"]


def test_strangers_cannot_ask_for_these_mails(client):
    client.post(
        "/subscriptions/", {"email": "eve@example.com", "topic": "conversations", "source": "page", "website": ""}
    )

    assert not Subscription.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_ask_for_one_mail(ada, agent):
    room = conversation(ada)
    say(room, agent, now=NOW)

    race(*[lambda: unread.request_due_emails(now=LATER)] * 4)

    assert len(events_named("conversation.left_unread")) == 1


@pytest.mark.parametrize("size", [1, 24])
def test_the_sweep_takes_a_few_statements_for_each_mail(ada, agent, statements, size):
    for _ in range(size):
        say(conversation(UserFactory()), agent, now=NOW)

    with statements() as run:
        assert unread.request_due_emails(now=LATER) == size

    assert len(run.sql) <= 2 + 2 * size


def test_a_link_to_a_conversation_leads_to_sign_in_and_back(client, answered):
    page = client.get(reverse("chat:conversation", args=[answered.uid]))

    assert (page.status_code, page.url) == (302, f"/account/login/?next=/talk/c/{answered.uid}/")


def state_in(page):
    return re.search(r"Unread messages <span class=\"[^\"]*\">(\w+)<", page)[1]
