"""Rooms: who may make, join, leave and see them."""

import pytest
from django.db import IntegrityError, transaction

from chat.messages import queries
from chat.messages.models import Message, MessageEdit
from chat.messages.services import changes, messages
from chat.rooms import queries as room_queries
from chat.rooms.models import Membership, Room
from chat.rooms.queries import NotAMember, RoomArchived
from chat.rooms.services import rooms
from chat.rooms.services.rooms import DirectRoomWithSelf, MissingTitle, RoomNotJoinable, SlugNotPublic, SlugTaken
from chat.support import queries as support_queries
from chat.tests.factories import RoomFactory, conversation, fill, private_room, say
from core.context import Actor, Grant
from core.errors import Denied, NotFound
from core.ids import uuid7
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db


def person(user):
    return Actor.person(user)


def test_who_makes_a_room_owns_it(staff, ada):
    room = rooms.create_room(title="Kiln", slug="kiln", members=[ada], by=person(staff))

    roles = dict(Membership.objects.filter(room=room).values_list("user__email", "role"))
    assert roles == {"staff@example.com": "owner", "ada@example.com": "member"}
    assert [event.subject_id for event in events_named("room.created")] == [room.public_id]


@pytest.mark.parametrize("verb", ["create", "change", "archive"])
def test_rooms_are_made_and_changed_by_those_who_may(room, ada, verb):
    before = snapshot("chat.Room", "chat.Membership")
    do = {
        "create": lambda: rooms.create_room(title="Mine", by=person(ada)),
        "change": lambda: rooms.change_room(room_uid=room.uid, title="Mine", topic="", slug="mine", by=person(ada)),
        "archive": lambda: rooms.archive_room(room_uid=room.uid, archived=True, by=person(ada)),
    }[verb]

    with pytest.raises(Denied):
        do()

    assert snapshot("chat.Room", "chat.Membership") == before
    assert no_event("room.created")


def test_an_address_belongs_to_one_room(room, staff):
    other = RoomFactory()
    with pytest.raises(SlugTaken):
        rooms.create_room(title="Another", slug="glaze-talk", by=person(staff))
    with pytest.raises(SlugTaken):
        rooms.change_room(room_uid=other.uid, title="x", topic="", slug="glaze-talk", by=person(staff))


@pytest.mark.parametrize("title", ["", "  ", "\u200b", "\u2060\ufeff"])
def test_a_room_without_a_visible_title_is_refused(room, staff, title):
    before = snapshot("chat.Room")

    with pytest.raises(MissingTitle):
        rooms.create_room(title=title, slug="blank", by=person(staff))
    with pytest.raises(MissingTitle):
        rooms.change_room(room_uid=room.uid, title=title, topic="", slug="glaze-talk", by=person(staff))

    assert snapshot("chat.Room") == before


def test_an_address_is_for_public_rooms(staff):
    before = snapshot("chat.Room")

    with pytest.raises(SlugNotPublic):
        rooms.create_room(title="Back", slug="back", kind=Room.Kind.PRIVATE, by=person(staff))

    assert snapshot("chat.Room") == before


def test_removed_messages_do_not_count_as_unread(room, ada, ben):
    rooms.join_room(room_uid=room.uid, by=person(ada))
    for body in ("one", "two", "three"):
        say(room, ben, body)
    changes.delete_message(room_uid=room.uid, seq=1, by=person(ben))
    changes.delete_message(room_uid=room.uid, seq=3, by=person(ben))
    viewer = Grant.session(ada)

    unread = [
        room_queries.get_access(room.uid, person(ada)).count_unread(),
        queries.get_joined_rooms(viewer).get().unread,
        queries.get_public_rooms(viewer).get().unread,
        queries.annotate_unread(viewer).get().unread,
    ]
    changes.restore_message(room_uid=room.uid, seq=3, by=Actor.system("test"))

    assert unread == [1, 1, 1, 1]
    assert queries.get_joined_rooms(viewer).get().unread == 2


def test_removed_messages_do_not_count_at_the_desk(ada, agent):
    room = conversation(ada)
    say(room, agent, "Hello")
    for body in ("one", "two"):
        say(room, ada, body)
    changes.delete_message(room_uid=room.uid, seq=2, by=person(ada))

    assert support_queries.get_desk_cases("open", Grant.session(agent)).get().unread == 1


def test_joining_begins_at_the_end(room, ada, ben):
    fill(room, ben, 7)

    place = rooms.join_room(room_uid=room.uid, by=person(ada))

    assert (place.joined_seq, place.last_read_seq) == (7, 7)
    assert room_queries.get_access(room.uid, person(ada)).count_unread() == 0


def test_coming_back_reads_nothing_that_was_missed(room, ada, ben):
    rooms.join_room(room_uid=room.uid, by=person(ada))
    rooms.leave_room(room_uid=room.uid, by=person(ada))
    fill(room, ben, 7)

    rooms.join_room(room_uid=room.uid, by=person(ada))

    place = Membership.objects.get(user=ada)
    assert (place.left_at, place.last_read_seq) == (None, 7)


def test_only_open_rooms_are_joined(room, ada, ben, staff, agent):
    with pytest.raises(NotFound):
        rooms.join_room(room_uid=private_room(ben).uid, by=person(ada))
    with pytest.raises(RoomNotJoinable):
        rooms.join_room(room_uid=conversation(ben).uid, by=person(agent))
    with pytest.raises(NotAMember):
        rooms.join_room(room_uid=room.uid, by=Actor.guest())
    rooms.archive_room(room_uid=room.uid, archived=True, by=person(staff))
    with pytest.raises(RoomArchived):
        rooms.join_room(room_uid=room.uid, by=person(ada))
    assert not Membership.objects.filter(user=ada).exists()


def test_one_who_is_not_in_a_room_cannot_leave_or_mute_it(room, ada):
    with pytest.raises(NotAMember):
        rooms.leave_room(room_uid=room.uid, by=person(ada))
    with pytest.raises(NotAMember):
        rooms.mute_room(room_uid=room.uid, muted=True, by=person(ada))


def test_reading_is_arithmetic_and_never_moves_back(room, ada, ben):
    rooms.join_room(room_uid=room.uid, by=person(ada))
    fill(room, ben, 10)

    moved = [rooms.mark_read(room_uid=room.uid, seq=seq, by=person(ada)) for seq in (4, 4, 2, 99)]

    assert moved == [True, False, False, True]
    assert Membership.objects.get(user=ada).last_read_seq == 10


def test_marking_read_takes_one_statement(room, ada, ben, statements):
    rooms.join_room(room_uid=room.uid, by=person(ada))
    fill(room, ben, 10)

    with statements() as run:
        rooms.mark_read(room_uid=room.uid, seq=5, by=person(ada))

    assert len(run.sql) == 1


def test_two_people_have_one_direct_room(ada, ben):
    first = rooms.open_direct(with_user=ben, by=person(ada))
    second = rooms.open_direct(with_user=ada, by=person(ben))

    assert first == second
    with pytest.raises(DirectRoomWithSelf):
        rooms.open_direct(with_user=ada, by=person(ada))


def test_who_sees_which_rooms(room, ada, ben, stranger, agent, staff):
    shut = private_room(ada)
    help_ = conversation(ben)
    direct = rooms.open_direct(with_user=ben, by=person(ada))

    def seen(grant):
        return set(Room.objects.visible_to(grant))

    assert seen(Grant.anonymous()) == {room}
    assert seen(Grant.session(stranger)) == {room}
    assert seen(Grant.session(ada)) == {room, shut, direct}
    assert seen(Grant.session(ben)) == {room, help_, direct}
    assert seen(Grant.session(agent)) == {room, help_}
    assert seen(Grant.session(staff)) == {room, help_}


def test_an_owner_moderates_their_room_and_a_member_does_not(ada, ben, staff):
    room = rooms.create_room(title="Kiln", slug="kiln", by=person(staff))
    Membership.objects.update_or_create(room=room, user=ben, defaults={"role": "owner"})
    say(room, ada, "Off topic")

    changes.delete_message(room_uid=room.uid, seq=1, by=person(ben))

    assert Message.objects.get().deleted_at is not None
    assert len(events_named("message.removed")) == 1


def test_message_versions_are_saved_and_immutable(room, ada):
    say(room, ada, "one")
    changes.edit_message(room_uid=room.uid, seq=1, body="two", by=person(ada))
    changes.delete_message(room_uid=room.uid, seq=1, by=person(ada))

    kept = list(MessageEdit.objects.order_by("version"))
    assert [(edit.version, edit.body, edit.editor) for edit in kept] == [(1, "one", ada), (2, "two", ada)]
    with pytest.raises(IntegrityError), transaction.atomic():
        MessageEdit.objects.update(body="never said")


@pytest.mark.parametrize(
    ("model", "change"),
    [
        (Room, {"kind": "club"}),
        (Room, {"last_seq": 3, "last_rev": 2}),
        (Room, {"kind": "private"}),
        (Room, {"subject_kind": "order"}),
        (Room, {"dm_key": "a+b"}),
        (Message, {"seq": 0}),
        (Message, {"rev": 0}),
        (Message, {"body": ""}),
        (Message, {"kind": "system"}),
        (Message, {"kind": "shout"}),
        (Membership, {"role": "king"}),
        (Membership, {"last_read_seq": -1}),
    ],
)
def test_the_database_refuses_the_impossible(room, ada, model, change):
    say(room, ada)

    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**change)


def test_a_tombstone_holds_nothing(room, ada):
    from django.utils import timezone

    say(room, ada)

    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.update(deleted_at=timezone.now())


def test_a_place_or_revision_is_taken_once(room, ada):
    first, second = say(room, ada), say(room, ada)
    for change in ({"seq": first.seq}, {"rev": first.rev}, {"client_id": first.client_id}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Message.objects.filter(pk=second.pk).update(**change)


def test_a_forgotten_person_leaves_their_words_without_a_name(room, ada):
    say(room, ada, "Keep this")
    ada.delete()

    message = Message.objects.get()
    assert (message.author, message.body) == (None, "Keep this")
    assert messages.send_system_message(room=room, body="Next", client_id=uuid7()).seq == 2
