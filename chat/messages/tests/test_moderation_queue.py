"""Messages in the queue: reported ones, first words that look like spam; and who is banned says nothing more."""

import pytest
from django.utils import timezone

from accounts.bans import services as bans
from accounts.bans.models import Ban
from accounts.bans.services import Banned
from accounts.moderation.models import Case, Report, SpamWord
from accounts.moderation.services import cases
from accounts.moderation.services.spam import LooksLikeSpam
from blog.tests.factories import person
from chat.messages import moderation, wire
from chat.messages.models import Message, Reaction
from chat.messages.moderation import MODERATION_ACTOR
from chat.messages.services import changes, leaving, messages
from chat.rooms import queries as room_queries
from chat.rooms.models import Room
from chat.support import services as conversations
from chat.support.handlers import recheck_sockets
from chat.tests import factories as talk
from core.composition import cross_references
from core.context import Actor
from core.events.models import Event
from core.ids import uuid7
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("test")
LINKS = "https://a.example https://b.example https://c.example"


@pytest.fixture
def room():
    return talk.RoomFactory(title="Glaze talk", slug="glaze-talk")


@pytest.fixture
def moderator():
    return Actor.person(person("Mona Moderator", "accounts.moderate", "chat.moderate_room"))


def report(room, message, by):
    changes.report_message(room_uid=room.uid, seq=message.seq, reason="abuse", by=Actor.person(by))


def test_a_reported_message_stands_in_the_queue_once_a_person(room):
    author, reporter = person(), person()
    said = talk.say(room, author, body="You are all wrong.")

    report(room, said, reporter)
    report(room, said, reporter)

    case = Case.objects.get()
    assert (case.kind, case.subject_id, case.author, case.reports) == ("message", str(said.uid), author, 1)
    assert Report.objects.count() == 1


def test_taken_out_it_leaves_a_tombstone_also_in_rooms_that_staff_are_not_in_and_comes_back_when_undone(moderator):
    one, other = person(), person()
    from chat.rooms.services import rooms

    direct = rooms.open_direct(with_user=other, by=Actor.person(one))
    said = talk.say(direct, one, body="Rude.")
    report(direct, said, other)
    case = Case.objects.get()

    shown = moderation.show([str(said.uid)])[str(said.uid)]
    decided = cases.decide(case_uid=case.uid, version=1, act="refuse", by=moderator)

    assert shown.text == "Rude."
    assert Message.objects.get(uid=said.uid).deleted_at is not None
    assert [event.actor_id for event in events_named("case.decided")] == [moderator.id]

    cases.undo_decision(case_uid=case.uid, version=decided.version, by=moderator)

    back = Message.objects.get(uid=said.uid)
    assert (back.deleted_at, back.body, back.html, back.seq) == (None, "Rude.", said.html, said.seq)
    assert [event.subject_id for event in events_named("message.restored")] == [back.public_id]
    assert (Case.objects.get().state, Report.objects.get().state) == ("open", "open")


def test_what_comes_back_has_its_cards_and_everybody_in_the_room_hears_of_it(room, moderator, monkeypatch):
    said = talk.say(room, person(), body="", cards=[("room", room.public_id)])
    report(room, said, person())
    told = []
    monkeypatch.setattr(
        messages, "publish_message", lambda message, *, new: told.append((message.rev, message.cards, new))
    )

    decided = cases.decide(case_uid=Case.objects.get().uid, version=1, act="refuse", by=moderator)
    gone = cross_references.sources_of(("room", room.public_id), "message")
    cases.undo_decision(case_uid=decided.uid, version=decided.version, by=moderator)

    assert gone == []
    assert cross_references.sources_of(("room", room.public_id), "message") == [said.public_id]
    assert told == [(said.rev + 1, [], False), (said.rev + 2, [["room", room.public_id]], False)]
    room.refresh_from_db()
    assert room.last_rev == said.rev + 2


def test_marks_are_hidden_while_it_is_out_and_are_there_again_after(room, moderator):
    author, friend, gone = person("Ada"), person("Ben"), person("Cleo")
    said = talk.say(room, author, body="Look.")
    report(room, said, person())
    for who, emoji in ((friend, "👍"), (gone, "👍"), (friend, "🎉")):
        changes.react(room_uid=room.uid, seq=said.seq, emoji=emoji, on=True, by=Actor.person(who))

    decided = cases.decide(case_uid=Case.objects.get().uid, version=1, act="refuse", by=moderator)
    out = wire.serialize_message(Message.objects.with_related().get())
    leaving.erase_user(user=gone, now=timezone.now())
    cases.undo_decision(case_uid=decided.uid, version=decided.version, by=moderator)
    back = wire.serialize_message(Message.objects.with_related().get())

    assert (out["deleted"], out["reactions"]) == (True, [])
    ben = str(friend.uid)
    assert (back["deleted"], back["reactions"]) == (
        False,
        [{"emoji": "👍", "people": [ben]}, {"emoji": "🎉", "people": [ben]}],
    )


def test_reacting_to_a_removed_message_is_rejected(room):
    friend = person("Ben")
    said = talk.say(room, person(), body="Look.")
    changes.react(room_uid=room.uid, seq=said.seq, emoji="👍", on=True, by=Actor.person(friend))
    changes.delete_message(room_uid=room.uid, seq=said.seq, by=MODERATION_ACTOR)

    for on in (True, False):
        with pytest.raises(changes.MessageRemoved):
            changes.react(room_uid=room.uid, seq=said.seq, emoji="👍", on=on, by=Actor.person(friend))

    assert Reaction.objects.count() == 1


def test_marks_on_what_its_author_removed_are_gone(room):
    author, friend = person(), person()
    said = talk.say(room, author, body="Mine.")
    changes.react(room_uid=room.uid, seq=said.seq, emoji="👍", on=True, by=Actor.person(friend))

    changes.delete_message(room_uid=room.uid, seq=said.seq, by=Actor.person(author))

    assert not Reaction.objects.exists()


def test_marks_on_what_an_erased_person_said_are_gone_though_staff_had_taken_it_out(room):
    author, friend = person(), person()
    said = talk.say(room, author, body="Mine.")
    changes.react(room_uid=room.uid, seq=said.seq, emoji="👍", on=True, by=Actor.person(friend))
    changes.delete_message(room_uid=room.uid, seq=said.seq, by=MODERATION_ACTOR)

    leaving.erase_user(user=author, now=timezone.now())

    assert not Reaction.objects.exists()


def test_what_its_author_removed_first_does_not_come_back(room, moderator):
    author = person()
    said = talk.say(room, author, body="Sorry.")
    report(room, said, person())
    changes.delete_message(room_uid=room.uid, seq=said.seq, by=Actor.person(author))
    decided = cases.decide(case_uid=Case.objects.get().uid, version=1, act="refuse", by=moderator)

    with pytest.raises(cases.UndoWindowPassed):
        cases.undo_decision(case_uid=decided.uid, version=decided.version, by=moderator)

    assert Message.objects.get(uid=said.uid).body == ""
    assert no_event("message.restored")


def test_what_an_erased_person_said_does_not_come_back(room, moderator):
    author = person()
    said = talk.say(room, author, body="Mine.")
    report(room, said, person())
    decided = cases.decide(case_uid=Case.objects.get().uid, version=1, act="refuse", by=moderator)

    leaving.erase_user(user=author, now=timezone.now())
    cases.undo_decision(case_uid=decided.uid, version=decided.version, by=moderator)

    back = Message.objects.get(uid=said.uid)
    assert (back.body, back.deleted_at is None) == ("", False)
    assert no_event("message.restored")


def test_only_who_moderates_brings_a_message_back(room):
    author = person()
    said = talk.say(room, author, body="Mine.")
    changes.delete_message(room_uid=room.uid, seq=said.seq, by=Actor.person(author))

    with pytest.raises(changes.NotMessageAuthor):
        changes.restore_message(room_uid=room.uid, seq=said.seq, by=Actor.person(author))

    assert Message.objects.get(uid=said.uid).body == ""


def test_what_stands_stays(room, moderator):
    said = talk.say(room, person(), body="Hm.")
    report(room, said, person())

    cases.decide(case_uid=Case.objects.get().uid, version=1, act="approve", by=moderator)

    assert Message.objects.get(uid=said.uid).body == "Hm."
    assert Report.objects.get().state == "dismissed"


def test_who_is_banned_from_conversations_reads_and_says_nothing(room, client):
    user = person()
    talk.say(room, user, body="Before.")
    bans.ban(user=user, scope=Ban.Scope.CHAT, reason="abuse", by=SYSTEM)
    client.force_login(user)

    with pytest.raises(Banned):
        messages.send_message(room_uid=room.uid, body="After.", client_id=uuid7(), by=Actor.person(user))

    assert list(Message.objects.values_list("body", flat=True)) == ["Before."]
    assert client.get("/talk/rooms/glaze-talk/").status_code == 200


def test_a_ban_from_comments_is_not_one_from_conversations(room):
    user = person()
    bans.ban(user=user, scope="comment", reason="abuse", by=SYSTEM)

    assert talk.say(room, user, body="Hello.").body == "Hello."


def test_looking_at_a_room_still_takes_one_query(room, django_assert_num_queries):

    user = person()
    bans.ban(user=user, scope="all", reason="abuse", by=SYSTEM)

    with django_assert_num_queries(1):
        found = room_queries.get_access(room.uid, Actor.person(user))

    assert found.ban_id == Ban.objects.get().pk


def test_the_first_words_of_a_conversation_are_looked_at(customer):
    by = Actor.person(customer)
    given = {"about": None, "title": "Hello", "customer": customer, "by": by, "client_id": uuid7()}

    conversations.open_conversation(**given, body=LINKS)

    case = Case.objects.get()
    assert (case.kind, case.subject_id) == ("message", str(Message.objects.get().uid))
    assert "links" in case.reasons


def test_first_words_that_are_surely_spam_open_no_conversation(customer):
    SpamWord.objects.create(text="casino", points=90)
    given = {"about": None, "title": "Hello", "customer": customer, "by": Actor.person(customer), "client_id": uuid7()}

    with pytest.raises(LooksLikeSpam):
        conversations.open_conversation(**given, body="Best casino!")

    assert not Room.objects.exists()


def test_sockets_recheck_access_when_somebody_is_banned(customer, monkeypatch):
    told = []
    monkeypatch.setattr("chat.support.handlers.bus.publish_recheck", told.append)
    bans.ban(user=customer, scope="all", reason="abuse", by=SYSTEM)

    recheck_sockets(Event.objects.get(name="user.banned"), "key")

    assert told == [customer.public_id]
