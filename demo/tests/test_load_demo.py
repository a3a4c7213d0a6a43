"""The demo studio is loaded through the services, in the order of time, once, and adds up to the last cent and cup."""

import re
from collections import Counter
from datetime import timedelta
from html import unescape

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import F, Q, Sum
from django.test import override_settings
from django.utils import timezone

from accounts.permissions.models import Role
from accounts.staff.services import PROJECT_APPS
from accounts.users.models import User
from blog.comments.models import Comment
from blog.posts.models import Post
from chat.messages.models import Message
from chat.rooms.models import Room
from chat.support.models import SupportCase
from core.content.models import HomeBlock, Picture, TextPage
from core.content.services import text_pages
from core.events.models import Event, EventDelivery
from core.search.models import SearchDocument
from demo import DEMO_LOGINS
from demo.loading import everything
from demo.loading.reset import KEPT_TABLES, clear_data
from demo.loading.studio import read_content
from shop.catalogue.models import Product, Variant
from shop.orders.models import Order
from shop.payments.models import LedgerEntry, Payment
from shop.personal_data.privacy import INVOICE_RETENTION_REASON
from shop.reviews.models import Review
from shop.stock.models import Reservation, StockLevel, StockMovement

pytestmark = pytest.mark.django_db
NOW = timezone.now()
MOST_PAGES = 150
LINK = re.compile(r'<a[^>]* href="(/(?!media/|static/)[^"#]*)')


class Interrupted(Exception):
    pass


@pytest.fixture(scope="module", autouse=True)
def studio(django_db_setup, django_db_blocker, tmp_path_factory):
    """The studio, loaded in two runs of which the first was cut short. All tests of this module look at it."""
    lines = []

    def stumble(line):
        lines.append(line)
        if len(lines) == 4:
            raise Interrupted

    folder = tmp_path_factory.mktemp("studio")
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=str(folder), DEBUG=True):
        try:
            with pytest.raises(Interrupted):
                everything.load(now=NOW - timedelta(minutes=1), say=stumble)
            everything.load(now=NOW, say=lines.append)
            yield folder
        finally:
            call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(autouse=True)
def known_text_pages(clean_surroundings):
    """The studio's own, which were there before the test."""
    text_pages.forget_slugs()


def stock_of(goods):
    return {one["sku"]: one["stock"]["remaining"] for product in goods["products"] for one in product["variants"]}


def test_people_are_there_with_their_roles(client):
    assert User.objects.count() == 11
    assert list(User.objects.filter(is_superuser=True).values_list("email", flat=True)) == ["staff@example.com"]
    roles = Role.objects.filter(group__user__isnull=False).values_list("group__user__email", "slug")
    assert sorted(roles) == [
        ("agent@example.com", "support-agent"),
        ("author@example.com", "author"),
        ("staff@example.com", "owner"),
    ]


@pytest.mark.parametrize(("role", "email", "password"), DEMO_LOGINS)
def test_each_demo_login_signs_in(client, role, email, password):
    answer = client.post("/account/login/", {"login": email, "password": password})

    assert (answer.status_code, answer["Location"]) == (302, "/account/")
    assert client.get("/shop/").status_code == 200


def test_the_shop_is_furnished():
    goods = read_content("catalogue.json")

    assert Product.objects.active().count() == len(goods["products"]) == 24
    assert Variant.objects.for_sale().count() == 71
    assert Picture.objects.count() == len(read_content("manifest.json")) == 111
    assert not Product.objects.filter(description_html="").exists()
    assert not Product.objects.filter(images__isnull=True).exists()


def test_what_remains_of_each_piece_is_what_the_catalogue_says():
    levels = StockLevel.objects.annotate(left=F("on_hand") - F("reserved")).values_list("variant__sku", "left")

    assert dict(levels) == stock_of(read_content("catalogue.json"))


def test_stock_is_the_sum_of_its_movements_and_promises():
    for level in StockLevel.objects.all():
        moved = StockMovement.objects.filter(level=level).aggregate(sum=Sum("quantity"))["sum"] or 0
        promised = Reservation.objects.live().filter(level=level).aggregate(sum=Sum("outstanding"))["sum"] or 0
        assert (level.on_hand, level.reserved) == (moved, promised)


def test_orders_have_come_to_their_ends():
    outcomes = Counter(order["outcome"] for order in read_content("orders.json"))

    assert Counter(Order.objects.values_list("status", flat=True)) == {
        "fulfilled": outcomes["fulfilled"] + outcomes["refunded"] + outcomes["partly_refunded"],
        "paid": outcomes["paid"],
        "expired": outcomes["expired"],
        "pending_payment": outcomes["pending"],
    }
    assert Payment.objects.filter(status="declined").count() == 3
    assert not Order.objects.filter(status="pending_payment", expires_at__lte=NOW).exists()


def test_captured_money_is_what_paid_orders_cost_less_what_was_given_back():
    paid = Order.objects.filter(paid_at__isnull=False).aggregate(sum=Sum("total"))["sum"]
    ledger = dict(LedgerEntry.objects.values_list("kind").annotate(sum=Sum("amount")))
    books = Payment.objects.aggregate(captured=Sum("captured"), refunded=Sum("refunded"), pending=Sum("refund_pending"))

    assert ledger["capture"] == books["captured"] == paid
    assert ledger["refund"] == books["refunded"] > 1500
    assert books["pending"] == 0


def test_each_paid_order_was_paid_once():
    told = Counter(Event.objects.filter(name="order.paid").values_list("subject_id", flat=True))

    assert told == dict.fromkeys(Order.objects.filter(paid_at__isnull=False).values_list("number", flat=True), 1)


def test_sales_know_the_stories_they_came_from():
    from analytics.models import SaleFact, SaleSource

    attributed = sum(bool(order["source"]) and bool(order["attempts"]) for order in read_content("orders.json"))

    assert SaleFact.objects.filter(kind="paid").count() == Order.objects.filter(paid_at__isnull=False).count()
    assert SaleSource.objects.filter(fact__kind="paid", kind="post").count() == attributed


def test_the_audit_finds_nothing():
    call_command("shop_audit")


def test_reviews_are_those_of_buyers():
    assert Review.objects.count() == len(read_content("reviews.json"))
    assert not Review.objects.filter(line__isnull=True).exists()


def test_the_journal_is_published_planned_and_unfinished():
    assert Counter(Post.objects.values_list("status", flat=True)) == {"published": 6, "scheduled": 1, "in_review": 1}
    assert Post.objects.get(status="scheduled").publish_at == NOW + timedelta(days=1)
    assert not Post.objects.filter(Q(cover__isnull=True) | Q(body_html="")).exists()
    assert not Post.objects.filter(body_html__contains=".webp").exists()


def test_comments_stand_where_they_were_said():
    said = read_content("comments.json")

    assert Counter(Comment.objects.values_list("status", flat=True)) == Counter(one["status"] for one in said)
    assert Comment.objects.filter(parent__isnull=False).count() == sum(one["parent"] is not None for one in said)


def test_conversations_went_as_written():
    talks = read_content("conversations.json")

    assert Room.objects.count() == len(talks)
    assert Message.objects.filter(kind="text").count() == sum(len(talk["messages"]) for talk in talks)
    assert Counter(SupportCase.objects.values_list("status", flat=True)) == {"closed": 4, "waiting": 1, "open": 1}


def test_a_refund_is_told_in_the_midst_of_the_conversation_about_it():
    room = Room.objects.get(title="Express parcel, eight days and counting")
    messages = list(room.messages.order_by("seq"))

    told = next(message for message in messages if "€15.00" in message.body and message.kind == "system")
    assert messages[0].seq < told.seq < messages[-2].seq
    assert [message.created_at for message in messages] == sorted(message.created_at for message in messages)


def test_the_front_has_its_blocks_and_its_pages():
    assert list(HomeBlock.objects.values_list("kind", flat=True)) == ["hero", "cards", "cards", "cards", "facts"]
    assert set(TextPage.objects.values_list("slug", flat=True)) == set(read_content("site.json")["pages"])


def test_pages_promise_only_what_there_is(settings):
    pages = {page.slug: page.body_source for page in TextPage.objects.all()}

    assert f"{settings.INVOICE_YEARS} years from the end of the year" in pages["privacy"]
    assert str(settings.INVOICE_YEARS) in str(INVOICE_RETENTION_REASON)
    for words in ("six years", "on the page of your order", "with a picture", "your e-mail address; Bartosz"):
        assert words not in " ".join(pages.values())


def test_everything_public_is_findable_at_once():
    found = Counter(SearchDocument.objects.values_list("kind", flat=True))

    assert (found["product"], found["page"], found["room"]) == (24, 5, 2)
    assert found["post"] == Post.objects.filter(status="published").count()


def test_the_log_is_in_the_order_of_time():
    moments = list(Event.objects.filter(quiet=True).order_by("id").values_list("at", flat=True))

    assert moments == sorted(moments)
    assert moments[-1] < NOW


def test_nothing_left_the_house_but_pictures_wait_for_their_sizes(mailoutbox):
    waiting = EventDelivery.objects.exclude(state=EventDelivery.State.DONE)

    assert mailoutbox == []
    assert set(waiting.values_list("event__name", "state", "error")) == {("picture.added", "pending", "")}
    assert waiting.filter(handler="core.render_added_picture").count() == Picture.objects.count()


@pytest.mark.parametrize("email", ["", "customer@example.com"])
def test_every_page_a_stranger_or_a_customer_is_led_to_is_there(client, email):
    waiting, seen = ["/", "/shop/cart/", "/account/"], {"/account/logout/": 200}
    if email:
        client.force_login(User.objects.get(email=email))

    while waiting and len(seen) < MOST_PAGES:
        path = waiting.pop(0)
        answer = client.get(path)
        seen[path] = answer.status_code
        found = LINK.findall(answer.content.decode()) if "text/html" in answer.get("Content-Type", "") else []
        waiting += [link for link in dict.fromkeys(map(unescape, found)) if link not in seen and link not in waiting]

    assert {path: status for path, status in seen.items() if status not in (200, 301, 302)} == {}
    assert {"/shop/p/teapot/", "/journal/opening-the-kiln/", "/talk/", "/pages/privacy/"} <= seen.keys()


@pytest.mark.parametrize(("path", "budget"), [("/", 12), ("/search/?q=mug", 12), ("/search/?q=glaze&kind=product", 12)])
@pytest.mark.parametrize("email", ["", "customer@example.com", "staff@example.com"])
def test_the_composed_pages_stay_within_their_budgets(client, django_assert_max_num_queries, path, budget, email):
    if email:
        client.force_login(User.objects.get(email=email))

    with django_assert_max_num_queries(budget):
        assert client.get(path).status_code == 200


def test_a_second_run_changes_nothing(django_assert_max_num_queries):
    def rows():
        models = [model for label in PROJECT_APPS for model in apps.get_app_config(label).get_models()]
        return {model: model.objects.count() for model in models if model is not SearchDocument}

    before = rows()

    with django_assert_max_num_queries(100):
        done = everything.load(now=NOW + timedelta(hours=1), say=print)

    assert done == 0
    assert rows() == before


def test_a_house_that_is_not_for_development_is_left_alone(settings):
    settings.DEBUG = False
    before = Event.objects.count()

    with pytest.raises(CommandError, match="DEBUG"):
        call_command("load_demo", "--reset")

    assert Event.objects.count() == before


def test_a_reset_empties_tables_media_and_mailbox_and_keeps_the_roles(settings, tmp_path):
    settings.MEDIA_ROOT, settings.MAILBOX = str(tmp_path / "media"), tmp_path / "mail"
    for kept in ("media/pictures/a.webp", "mail/a.eml"):
        (tmp_path / kept).parent.mkdir(parents=True)
        (tmp_path / kept).touch()
    roles = Role.objects.count()

    clear_data()

    models = [model for label in PROJECT_APPS for model in apps.get_app_config(label).get_models()]
    left = {model._meta.db_table for model in models if model.objects.exists()}
    assert left == KEPT_TABLES
    assert Role.objects.count() == roles
    assert not list(tmp_path.glob("*/*"))
