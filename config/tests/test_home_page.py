"""The home page shows what staff composed, to everyone, at a cost that does not grow with what is shown."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.composition import cards
from core.composition.cards import Card
from core.content.models import HomeBlock, Picture
from core.money import Money

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shelf(monkeypatch):
    """Cards of two kinds whose things are pictures in the database: one query a kind, as real ones have."""
    monkeypatch.setattr(cards, "_resolvers", {})

    def resolver(kind):
        def resolve(ids, viewer):
            known = Picture.objects.filter(alt__in=ids)
            return {
                one.alt: Card(
                    kind, one.alt, one.alt.title(), f"/{kind}/{one.alt}/", price=Money(3400, "EUR"), image=one.image
                )
                for one in known
            }

        return resolve

    cards.register("product")(resolver("product"))
    cards.register("post")(resolver("post"))


def picture(alt: str) -> Picture:
    return Picture.objects.create(
        file=f"pictures/{alt}.webp", width=800, height=600, color="#aabbcc", digest=alt, alt=alt
    )


def row(kind: str, ids: list[str], **values) -> HomeBlock:
    return HomeBlock.objects.create(kind="cards", title=f"Row of {kind}", card_kind=kind, card_ids=ids, **values)


def test_a_house_without_blocks_still_has_a_front(client):
    page = client.get("/")

    assert page.status_code == 200
    assert page.content.count(b"<h1") == 1
    assert b'href="/shop/"' in page.content


def test_blocks_stand_in_their_order(client):
    picture("mug")
    picture("kiln")
    row("post", ["kiln"], position=2)
    row("product", ["mug"], position=1)
    HomeBlock.objects.create(kind="hero", title="Pots for every day", link_url="/shop/", link_label="Look", position=0)

    html = client.get("/").content.decode()

    assert html.index("Pots for every day</h1>") < html.index("Row of product") < html.index("Row of post")
    assert html.count("<h1") == 1
    assert "/product/mug/" in html
    assert "/post/kiln/" in html


def test_a_card_that_is_gone_leaves_no_hole_and_a_row_without_cards_is_not_shown(client):
    picture("mug")
    row("product", ["gone", "mug"])
    row("post", ["gone too"])

    html = client.get("/").content.decode()

    assert html.count('class="card"') == 1
    assert "Row of post" not in html


def test_a_block_shows_only_in_its_time(client):
    now = timezone.now()
    HomeBlock.objects.create(kind="hero", title="Sale was", ends_at=now - timedelta(hours=1))
    HomeBlock.objects.create(
        kind="hero", title="Sale is", starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1)
    )
    HomeBlock.objects.create(kind="hero", title="Sale will be", starts_at=now + timedelta(hours=1))

    html = client.get("/").content.decode()

    assert "Sale is" in html
    assert "Sale was" not in html
    assert "Sale will be" not in html


def test_the_hero_shows_one_picture_for_each_theme_and_hurries_the_one_that_is_seen(client):
    HomeBlock.objects.create(kind="hero", title="Pots", picture=picture("by day"), dark_picture=picture("by night"))

    light = client.get("/").content.decode()
    client.cookies["theme"] = "dark"
    dark = client.get("/").content.decode()

    assert 'alt="by day" fetchpriority="high"' in light
    assert 'alt="by night" loading="lazy"' in light
    assert 'alt="by day" loading="lazy"' in dark
    assert 'alt="by night" fetchpriority="high"' in dark


def test_facts_are_read_from_their_text(client):
    HomeBlock.objects.create(
        kind="facts", title="Facts", text=":truck: Leaves on Tuesdays\r\nIn straw.\r\n\r\nOpen: ten to five"
    )

    html = client.get("/").content.decode()

    assert "<b>Leaves on Tuesdays</b><span>In straw.</span>" in html
    assert "<b>Open: ten to five</b></li>" in html
    assert "sprite.svg#truck" in html


def test_staffs_words_are_text_and_not_markup(client):
    HomeBlock.objects.create(kind="hero", title="<script>alert(1)</script>", text="<b>", link_url="/", link_label="<i>")

    html = client.get("/").content.decode()

    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</h1>" in html


@pytest.mark.parametrize("number", [1, 24, 100])
def test_the_front_costs_the_same_with_many_cards(client, django_assert_max_num_queries, number):
    names = [picture(f"thing {index}").alt for index in range(number)]
    HomeBlock.objects.create(kind="hero", title="Pots", picture=picture("day"), dark_picture=picture("night"))
    row("product", names)
    row("product", names[:8])
    row("post", names)

    with django_assert_max_num_queries(3):
        html = client.get("/").content.decode()

    assert html.count("<article") == 2 * number + min(number, 8)


def test_the_front_is_within_its_budget_for_someone_signed_in(client, customer, django_assert_max_num_queries):
    client.force_login(customer)
    row("product", [picture("mug").alt])

    with django_assert_max_num_queries(12):
        assert client.get("/").status_code == 200
