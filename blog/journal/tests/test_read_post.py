"""A post's page: its text with live cards, who may read it, its threads, and where it went."""

import json
import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.permissions.models import Entitlement
from blog.posts.models import Post
from blog.posts.services import publishing, writing
from blog.tests.factories import NOON, SYSTEM, comment, draft, editor, person, picture, published, writer
from blog.tests.reading import page, text_of
from core.composition import attribution, panels
from core.composition.cards import Action
from core.composition.panels import Panel
from core.context import Actor
from core.money import Money
from core.testing import events_named

pytestmark = pytest.mark.django_db

STORY = """Before.

## One

:::product BOWL-OAT
:::

## Two

:::product GONE
:::

## Three

After.
"""


def test_the_page_says_who_wrote_what_when(client):
    post = published(writer(), title="On <glazes>", tags=["Glaze"], excerpt="What a glaze is.")

    shown = text_of(page(client, post))

    assert '<h1 id="post-title">On &lt;glazes&gt;</h1>' in shown
    assert '<p class="lede">What a glaze is.</p>' in shown
    assert '<a href="/journal/tag/glaze/">Glaze</a>' in shown
    assert f'href="/journal/by/{post.bylines[0].uid}/"><bdi>Wilma Writer</bdi></a>' in shown
    assert '<time datetime="2026-03-01T12:00:00+00:00">' in shown
    assert "<p>A glaze is a kind of glass.</p>" in shown
    assert f'href="/talk/about/post/{post.slug}/"' in shown


def test_authors_have_their_faces_in_as_many_queries(client):
    costs, faces = [], []
    for avatar in (None, picture()):
        post = published(writer(avatar=avatar))
        page(client, post)
        with CaptureQueriesContext(connection) as cost:
            shown = text_of(page(client, post))
        costs.append(len(cost))
        faces.append(avatar is not None and avatar.image.url in shown)

    assert costs[0] == costs[1]
    assert faces == [False, True]


def test_cards_are_as_they_are_now_not_as_they_were(client, product_cards):
    product_cards.put("BOWL-OAT", price=Money(2800, "EUR"))
    post = published(body=STORY)
    assert "€28.00" in text_of(page(client, post))

    product_cards.put("BOWL-OAT", price=Money(3100, "EUR"), state="1 left")

    shown = text_of(page(client, post))
    assert "€31.00" in shown
    assert "1 left" in shown
    assert "€28.00" not in shown
    assert "€" not in Post.objects.get().body_html


def test_a_card_can_be_bought_from_and_says_where_it_stood(client, product_cards):
    product_cards.put("BOWL-OAT")
    post = published(body=STORY)

    shown = page(client, post).content.decode()

    assert '<form class="card-action" method="post" action="/shop/cart/lines/"' in shown
    carried = re.findall(r'name="ref" value="([^"]+)"', shown)
    assert {attribution.read(ref) for ref in carried} == {("post", post.slug)}


def test_a_piece_that_is_gone_says_so_in_its_place(client, product_cards):
    post = published(body=STORY)

    shown = text_of(page(client, post))

    assert shown.count("embed-gone") == 2


def test_a_product_stands_where_the_text_has_it_and_is_not_repeated_after_it(client, product_cards):
    product_cards.put("BOWL-OAT")
    post = published(body="Before.\n\n:::product BOWL-OAT\n:::\n\nAfter.")

    assert text_of(page(client, post)).count("Bowl BOWL-OAT</a>") == 1


def test_a_link_to_choose_options_carries_the_post_that_earns(client, product_cards):
    product_cards.put("BOWL-OAT", action=Action("Choose options", "/shop/p/bowl/?variant=A"))
    post = published(body=STORY)

    carried = re.findall(
        r'<a class="button[^"]*" href="/shop/p/bowl/\?variant=A&amp;ref=([^"]+)"', text_of(page(client, post))
    )

    assert {attribution.read(unquote(ref)) for ref in carried} == {("post", post.slug)}


def test_pictures_are_drawn_from_their_rows(client):
    shown = picture("A wet bowl")
    post = published(body=f"![](picture:{shown.uid})\n\n![Still <wet>](picture:{shown.uid})\n")

    html = page(client, post).content.decode()

    assert f'<img src="{shown.image.url}" width="60" height="40" alt="A wet bowl"' in html
    assert 'alt="Still &lt;wet&gt;"' in html


@pytest.mark.parametrize(("headings", "shown"), [(2, False), (3, True)])
def test_a_table_of_contents_from_three_parts_on(client, headings, shown):
    post = published(body="\n\n".join(f"## Part {number}\n\nText." for number in range(headings)))

    assert ('<a href="#h-part-0">Part 0</a>' in page(client, post).content.decode()) is shown


def test_json_ld_describes_the_post_and_is_escaped(client):
    post = published(title="</script><script>alert(1)</script>", cover=picture())

    html = page(client, post).content.decode()
    (block,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)

    data = json.loads(block)
    assert data["@type"] == "Article"
    assert data["headline"] == "</script><script>alert(1)</script>"
    assert data["datePublished"] == "2026-03-01T12:00:00+00:00"
    assert "<script>alert" not in html
    assert '<meta property="og:type" content="article">' in html
    assert f'<link rel="canonical" href="http://localhost:8000/journal/{post.slug}/">' in html


def test_what_to_read_next_shares_the_subject_first(client):
    post = published(tags=["Glaze"])
    newest = [published(at=NOON + timedelta(hours=hour)) for hour in range(3)]
    kin = published(tags=["glaze"], at=NOON - timedelta(days=30))

    shown = text_of(page(client, post))

    cards = shown[shown.index("Read next") :]
    assert re.findall(r"On glazes \d+", cards) == [kin.title, newest[2].title, newest[1].title]


SECRET = "The secret is ash."


def entitled(**fields):
    key = {"visibility": "entitled", "entitlement_kind": "product", "entitlement_subject": "mug"}
    return published(body=SECRET, excerpt="About a secret.", **key, **fields)


def test_a_post_for_members_shows_strangers_its_excerpt_only(client):
    post = published(body=SECRET, excerpt="About a secret.", visibility="members")

    response = page(client, post)
    assert response.status_code == 200
    assert SECRET not in response.content.decode()
    assert "About a secret." in response.content.decode()
    assert f"/account/login/?next=/journal/{post.slug}/" in response.content.decode()

    client.force_login(person())
    assert SECRET in page(client, post).content.decode()


def test_a_post_for_buyers_opens_with_what_they_hold_and_closes_with_it(client):
    post, buyer = entitled(), person()
    client.force_login(buyer)
    assert SECRET not in page(client, post).content.decode()

    held = Entitlement.objects.create(
        user=buyer, kind="product", subject="mug", source_kind="order", source_id="A-1", since=NOON
    )
    assert SECRET in page(client, post).content.decode()

    Entitlement.objects.filter(pk=held.pk).update(ended_at=NOON + timedelta(days=1))
    assert SECRET not in page(client, post).content.decode()


def test_the_cards_and_comments_of_a_closed_post_are_closed_too(client, product_cards):
    product_cards.put("BOWL-OAT")
    post = published(body=STORY, visibility="members")
    comment(post, body="I was there")

    shown = page(client, post).content.decode()

    assert "Bowl BOWL-OAT" not in shown
    assert "I was there" not in shown
    assert product_cards.calls == 0


def test_an_old_address_leads_to_the_present_one_without_a_chain(client):
    post = published(title="First name")
    for name in ("second-name", "third-name"):
        post.refresh_from_db()
        writing.save_post(post_id=post.pk, lock_version=post.lock_version, by=SYSTEM, slug=name)

    for old in ("first-name", "second-name"):
        response = client.get(f"/journal/{old}/")
        assert (response.status_code, response["Location"]) == (301, "/journal/third-name/")
    assert [event.data for event in events_named("post.moved")] == [
        {"old": "first-name", "new": "second-name"},
        {"old": "second-name", "new": "third-name"},
    ]


def test_an_old_address_that_is_taken_again_is_the_new_post_s(client):
    post = published(title="First name")
    writing.save_post(post_id=post.pk, lock_version=1, by=SYSTEM, slug="moved")

    newcomer = published(title="Another", slug="first-name")

    assert newcomer.title in text_of(client.get("/journal/first-name/"))
    back = draft()
    writing.save_post(post_id=back.pk, lock_version=1, by=SYSTEM, slug="elsewhere")
    assert client.get(f"/journal/{back.slug}/").status_code == 404


def test_a_slug_that_another_post_has_is_refused():
    post, other = draft(), draft(title="Taken")

    with pytest.raises(writing.slugs.SlugTaken) as refused:
        writing.save_post(post_id=post.pk, lock_version=1, by=SYSTEM, slug="Taken")

    assert (refused.value.status, refused.value.field) == (409, "slug")
    assert other.slug == "taken"


def test_what_others_add_below_a_post_is_for_people_who_are_signed_in(client, monkeypatch):
    monkeypatch.setitem(
        panels._makers, "post.below", [lambda post, viewer: Panel("Earned", "blog/picture.html", {"image": None})]
    )
    post = published()

    assert "Earned" not in page(client, post).content.decode()
    client.force_login(person())
    assert "Earned" in page(client, post).content.decode()


def test_a_post_put_away_is_gone(client):
    post = published()
    publishing.archive_post(post_id=post.pk, by=Actor.person(editor()))

    assert page(client, post).status_code == 404


@pytest.mark.parametrize("path", ["/journal/cafe%CC%81-au-lait/", "/journal/old-cafe%CC%81/"])
def test_a_decomposed_address_leads_to_the_composed_one(client, path):
    post = published(title="Old caf\u00e9")
    writing.save_post(post_id=post.pk, lock_version=1, by=SYSTEM, slug="caf\u00e9-au-lait")

    response = client.get(path)

    assert (response.status_code, response["Location"]) == (301, "/journal/caf%C3%A9-au-lait/")
    assert client.get(response["Location"]).status_code == 200


def test_a_decomposed_address_of_a_subject_leads_to_the_composed_one(client):
    published(tags=["Caf\u00e9"])

    response = client.get("/journal/tag/cafe%CC%81/")

    assert (response.status_code, response["Location"]) == (301, "/journal/tag/caf%C3%A9/")


def test_a_post_in_another_script_is_read_at_its_address(client):
    post = published(title="हिन्दी में लेख")

    assert page(client, post).status_code == 200
    assert post.get_absolute_url().startswith("/journal/%E0%A4%B9")
