"""A user with data in every app can export all of it, and erasure leaves none."""

import json
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.db import connection
from django.utils import timezone

from accounts.data_requests import archive
from accounts.data_requests.services import deletions, exports
from accounts.privacy import registry as privacy
from accounts.users.models import Closing, User
from blog.comments.models import Comment
from blog.posts.models import Post
from chat.messages.models import Message
from chat.rooms.models import Room
from config.tests.whole_life import FIRST, SECOND, TRACES, live
from core.context import Actor
from core.testing import deliver_events, events_named, snapshot
from shop.order_management.services import orders
from shop.orders.models import Order
from shop.orders.services import retention
from shop.reviews.models import Review

pytestmark = pytest.mark.django_db(transaction=True)

KEPT = {("shop_order", "billing_address")}
WRITTEN = ("text", "character varying", "json", "jsonb", "ARRAY", "tsvector", "inet", "USER-DEFINED")


def traces() -> set[tuple[str, str]]:
    """Every (table, column) of the database in which somebody's name, address, street or number stands."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type = ANY(%s)",
            [list(WRITTEN)],
        )
        for table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT 1 FROM "{table}" WHERE lower("{column}"::text) LIKE ANY(%s) LIMIT 1',
                [[f"%{trace}%" for trace in TRACES]],
            )
            if cursor.fetchone():
                found.add((table, column))
    return found


def files(settings) -> set[Path]:
    return {path for root in (settings.MEDIA_ROOT, settings.PRIVATE_ROOT) for path in Path(root).rglob("*.*")}


def settle(life) -> None:
    """What was still under way comes to its end."""
    orders.cancel_order(order_id=life.never_paid.pk, by=Actor.system("test"))
    Order.objects.filter(pk__in=[life.order.pk, life.as_guest.pk]).update(status=Order.Status.FULFILLED)
    deliver_events()


def erase(life) -> None:
    deletions.request_deletion(user_id=life.user.pk, by=Actor.person(life.user))
    deliver_events()
    assert deletions.erase_due_accounts(now=timezone.now() + deletions.GRACE_PERIOD) == 1
    deliver_events()


@pytest.fixture
def life():
    return live()


def test_nothing_of_a_person_is_left_but_what_is_said_to_be_kept(life, settings):
    settle(life)
    exports.request_export(user_id=life.user.pk, by=Actor.person(life.user))
    deliver_events()
    before = traces()
    assert len(before) >= 20, before
    assert {("accounts_user", "name"), ("chat_message", "body"), ("chat_messageedit", "body")} <= before
    assert len(files(settings)) >= 2

    erase(life)

    assert traces() == KEPT
    assert {path for path in files(settings) if "exports" in path.parts} == set()
    assert not [path for path in files(settings) if path.stem.startswith(life.user.avatar.uid.hex)]


def test_the_books_stand_and_only_the_address_of_the_invoice_says_who_bought(life):
    settle(life)
    totals = list(Order.objects.order_by("pk").values_list("number", "total", "tax", "user_id"))

    erase(life)

    assert list(Order.objects.order_by("pk").values_list("number", "total", "tax", "user_id")) == totals
    paid = Order.objects.get(pk=life.order.pk)
    assert (paid.email, paid.shipping_address, paid.note) == (life.user.erased_email, {}, "")
    assert paid.billing_address["street"] == "Featherstonehaugh Lane 9"
    assert Order.objects.get(pk=life.as_guest.pk).email == life.user.erased_email
    assert Order.objects.get(pk=life.never_paid.pk).billing_address == {"country": "DE"}


def test_what_others_answered_stays_and_its_author_has_no_name(life):
    settle(life)
    revs = dict(Room.objects.values_list("pk", "last_rev"))

    erase(life)

    comment = Comment.objects.get(body_source="How long does it take?")
    assert comment.byline == "Deleted user"
    assert Post.objects.get(title="On slips").byline == "Deleted user"
    assert Review.objects.get().user.display_name == "Deleted user"
    gone = Message.objects.filter(author=life.user)
    assert gone.count() == 1
    assert all(message.deleted_at and message.body == "" for message in gone)
    answer = Message.objects.get(body="Welcome")
    assert answer.reactions.count() == 0
    room = answer.room
    assert sorted(Message.objects.filter(room=room).values_list("rev", flat=True)) == [
        revs[room.pk] + 1,
        revs[room.pk] + 2,
    ]
    assert room.last_rev == revs[room.pk] + 2


def test_the_event_says_that_it_happened_and_the_last_mail_goes_where_nobody_is_any_more(life, mailoutbox):
    settle(life)
    mailoutbox.clear()

    erase(life)

    [event] = events_named("user.erased")
    row = Closing.objects.get()
    assert event.data == {"closing": row.public_id}
    assert (row.state, row.last_address) == ("done", "")
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        ([FIRST], "Your account will be deleted"),
        ([FIRST], "Your account has been deleted"),
    ]
    assert "Paid orders" in mailoutbox[-1].body
    assert not User.objects.filter(email=FIRST).exists()


@pytest.mark.parametrize("name", sorted(privacy.get_handlers()))
def test_a_part_that_fails_is_erased_by_the_next_run(life, monkeypatch, name):
    settle(life)
    deletions.request_deletion(user_id=life.user.pk, by=Actor.person(life.user))
    due = timezone.now() + deletions.GRACE_PERIOD
    handler = privacy.get_handlers()[name]
    broken = privacy.DataHandler(handler.words, handler.categories, handler.export, _break, handler.get_obstacle)
    with monkeypatch.context() as broke:
        broke.setitem(privacy._handlers, name, broken)
        assert deletions.erase_due_accounts(now=due) == 0
    assert events_named("user.erased") == []
    assert Closing.objects.get().state == "erasing"

    assert deletions.erase_due_accounts(now=due) == 1
    deliver_events()

    assert traces() == KEPT
    assert deletions.erase_due_accounts(now=due) == 0
    assert len(events_named("user.erased")) == 1


def test_erasing_twice_is_erasing_once(life):
    settle(life)
    erase(life)
    tables = ("shop.Order", "blog.Comment", "chat.Message", "chat.Room", "shop.Review")
    before = snapshot(*tables)
    person = privacy.Person(life.user, frozenset({FIRST, SECOND}))

    for handler in privacy.get_handlers().values():
        handler.erase(person, timezone.now())

    assert snapshot(*tables) == before


def test_an_order_under_way_holds_the_erasing_back(life):
    deletions.request_deletion(user_id=life.user.pk, by=Actor.person(life.user))
    due = timezone.now() + deletions.GRACE_PERIOD

    assert deletions.erase_due_accounts(now=due) == 0
    assert User.objects.filter(email=FIRST).exists()
    assert Closing.objects.get().state == "waiting"

    settle(life)
    assert deletions.erase_due_accounts(now=due) == 1


def test_invoice_addresses_go_when_the_law_asks_for_them_no_longer(life):
    settle(life)
    erase(life)
    ten_years = timezone.now() + retention.INVOICE_RETENTION

    assert retention.purge_invoice_addresses(now=ten_years - timedelta(days=1)) == 0
    assert retention.purge_invoice_addresses(now=ten_years + timedelta(days=1)) == 2

    assert traces() == set()


def test_an_export_holds_what_every_part_of_the_house_knows(life):
    written = BytesIO()

    archive.write_archive(written, exports.get_person(life.user), timezone.now())

    with ZipFile(written) as bundle:
        assert bundle.testzip() is None
        names = set(bundle.namelist())
        rows = {name: json.loads(bundle.read(name)) for name in names if name.endswith(".json")}
        readme = bundle.read("README.txt").decode()
        picture = bundle.read("account/picture.webp")
    promised = {category.file for handler in privacy.get_handlers().values() for category in handler.categories} - {""}
    assert promised <= names
    assert [name for name, found in rows.items() if not found] == []
    assert picture.startswith(b"RIFF")
    assert rows["account/profile.json"][0]["name"] == "Zebedee Quillfeather"
    numbers = {order["number"] for order in rows["shop/orders.json"]}
    assert numbers == {life.order.number, life.as_guest.number, life.never_paid.number}
    order = next(one for one in rows["shop/orders.json"] if one["number"] == life.order.number)
    assert order["total"] == {"minor": life.order.total, "currency": "EUR"}
    assert order["placed_at"].endswith("Z")
    assert [message["body"] for message in rows["talk/messages.json"]] == ["Zebedee here"]
    for name in names - {"README.txt"}:
        assert name in readme


def test_an_export_holds_no_secret_and_nobody_else(life):
    written = BytesIO()

    archive.write_archive(written, exports.get_person(life.user), timezone.now())

    with ZipFile(written) as bundle:
        everything = b"".join(bundle.read(name) for name in bundle.namelist() if not name.endswith(".webp")).decode()
    for secret in (life.user.password, "Fran Friend", "olga@house.example", "Welcome", '"secret"'):
        assert secret not in everything


def _break(person, now):
    raise RuntimeError("the disk is full")
