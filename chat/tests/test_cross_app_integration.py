"""The conversation and the rest of the house: cards, panels, search, and what happened elsewhere."""

import pytest
from django.urls import reverse

from chat.messages.models import Message
from chat.rooms.models import Room
from chat.rooms.services import rooms
from chat.support import panels
from chat.support.handlers import announce_refund
from chat.tests.factories import RoomFactory, conversation, private_room, say
from core.composition import cards
from core.context import Actor, Grant
from core.events import services as events
from core.events.models import EventDelivery
from core.search import index as search
from core.testing import events_named

pytestmark = pytest.mark.django_db


class Order:
    """What chat knows of an order: its public id."""

    public_kind, public_id = "order", "A-1"


def refund():
    """An order's refund as the shop records it, delivered to the conversation alone: there is no such order here."""
    made = events.record("order.refunded", Order(), by=Actor.system("shop"), amount=1250, currency="EUR", sources=[])
    events.relay()
    mine = EventDelivery.objects.get(event=made, handler="chat.announce_refund")
    assert events.deliver(mine.pk)
    return made


def test_refund_is_announced_once_in_the_conversation_about_the_order(ada, ben):
    room, other = conversation(ada, about=("order", "A-1")), conversation(ben, about=("order", "A-2"))

    announce_refund(refund())

    message = Message.objects.get(room=room)
    assert (message.kind, message.author, message.body) == ("system", None, "€12.50 of this order has been refunded.")
    assert not Message.objects.filter(room=other).exists()


def test_refund_without_conversation_announces_nothing():
    refund()

    assert not Message.objects.exists()


def test_only_public_rooms_are_found(ada, staff, deliver_events):
    rooms.create_room(title="Ash glazes", slug="ash", by=Actor.person(staff))
    private_room(ada, title="Ash secrets")
    deliver_events()

    found = search.find("ash", Grant.session(ada), ["room"])

    assert [(hit.title, hit.url) for hit in found.hits] == [("Ash glazes", "/talk/rooms/ash/")]
    assert search.index("room") == 1


def test_a_card_is_given_to_those_who_see_the_room(room, ada, stranger):
    shut = private_room(ada)
    pairs = [("room", room.public_id), ("room", shut.public_id), ("room", "nonsense")]

    assert {c.title for c in cards.resolve(pairs, Grant.session(ada)).values()} == {room.title, shut.title}
    assert {c.title for c in cards.resolve(pairs, Grant.session(stranger)).values()} == {room.title}
    assert [c.url for c in cards.resolve(pairs, Grant.anonymous()).values()] == ["/talk/rooms/glaze-talk/"]


def test_below_an_order_its_customer_goes_to_the_conversation_or_begins_one(ada, stranger, agent):
    before = panels.about_this_order(Order(), Grant.session(ada))
    room = conversation(ada, about=("order", "A-1"))
    after = panels.about_this_order(Order(), Grant.session(ada))

    assert (before.context["room"], before.context["start"]) == (None, "/talk/about/order/A-1/")
    assert after.context["room"] == room
    assert panels.about_this_order(Order(), Grant.session(agent)).context["room"] == room
    assert panels.about_this_order(Order(), Grant.session(stranger)).context["room"] is None
    assert panels.about_this_order(Order(), Grant.anonymous()) is None


def test_staff_who_answer_see_who_waits_and_others_do_not(ada, agent, author):
    conversation(ada)

    assert panels.waiting_customers(None, Grant.session(agent)).context["counts"]["open"] == 1
    assert panels.waiting_customers(None, Grant.session(author)) is None
    assert len(panels.conversations_of_customer(ada, Grant.session(agent)).context["rooms"]) == 1
    assert panels.conversations_of_customer(ada, Grant.session(author)) is None


def test_the_account_lists_ones_conversations(client, ada, agent):
    room = conversation(ada, title="A chipped rim")
    say(room, agent, "Which one?")
    client.force_login(ada)

    text = client.get(reverse("accounts:overview")).content.decode()

    assert "A chipped rim" in text
    assert "Which one?" in text


def test_the_first_page_of_the_admin_says_who_waits(client, ada, staff):
    conversation(ada)
    client.force_login(staff)

    assert "1 customer waits for an answer" in client.get("/admin/").content.decode()


def test_opening_is_on_the_record_with_ids_only(ada):
    conversation(ada, about=("order", "A-1"), title="Private words")

    (event,) = events_named("conversation.opened")
    assert (event.subject_kind, event.data) == ("room", {"about_kind": "order", "about_id": "A-1"})
    assert Room.objects.get().public_id == event.subject_id


def test_a_room_about_a_post_follows_it_to_its_new_address(deliver_events):
    room = RoomFactory(subject_kind="post", subject_id="old-address")
    other = RoomFactory(subject_kind="post", subject_id="another-post")

    events.record("post.moved", ("post", "new-address"), by=Actor.system("test"), old="old-address", new="new-address")
    deliver_events()

    room.refresh_from_db()
    other.refresh_from_db()
    assert (room.subject_id, other.subject_id) == ("new-address", "another-post")
