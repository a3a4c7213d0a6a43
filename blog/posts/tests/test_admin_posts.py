"""The journal in the admin: the same services, forms that lose nothing."""

import re
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from blog.comments import services as commenting
from blog.comments.models import Comment
from blog.posts.models import Post, Revision
from blog.posts.services import writing
from blog.tags.models import Tag
from blog.tests.factories import SYSTEM, draft, editor, person, picture, published, writer
from core.content.models import Picture
from core.context import Actor
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

ADD = "/admin/blog/post/add/"


@pytest.fixture
def boss(client):
    somebody = editor(is_staff=True)
    client.force_login(somebody)
    return somebody


def change(post):
    return reverse("admin:blog_post_change", args=[post.pk])


def filled(**fields):
    return {
        "title": "On ash",
        "body": "*Ash*",
        "visibility": "public",
        "comments_mode": "first",
        "tag_names": "Ash, Kiln",
        **fields,
    }


def refilled(client, post, **fields):
    """What a browser would send of the form that is shown."""
    form = client.get(change(post)).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in {**shown, **fields}.items() if value is not None and value is not False}


def test_a_post_is_begun_by_the_service(client, boss):
    response = client.post(ADD, filled())

    post = Post.objects.get()
    assert (response.status_code, post.slug, post.status) == (302, "on-ash", "draft")
    assert [user.pk for user in post.bylines] == [boss.pk]
    assert [tag.name for tag in post.labels] == ["Ash", "Kiln"]
    assert len(events_named("post.created")) == 1


def test_a_save_goes_through_the_service(client, boss):
    post = draft(tags=["Salt"])

    response = client.post(change(post), refilled(client, post, title="Better", tag_names="Ash", slug="better"))

    assert response.status_code == 302
    saved = Post.objects.get()
    assert (saved.title, saved.slug, saved.lock_version) == ("Better", "better", 2)
    assert [tag.name for tag in saved.labels] == ["Ash"]
    (event,) = events_named("post.saved")
    assert event.actor_id == str(boss.uid)


def test_an_emptied_address_is_made_from_the_title(client, boss):
    post = draft(title="Better", slug="old-words")

    client.post(change(post), refilled(client, post, slug=""))
    client.post(change(post), refilled(client, post, slug=""))

    assert Post.objects.get().slug == "better"
    assert len(events_named("post.moved")) == 1


def test_a_save_over_another_keeps_what_was_typed_and_shows_what_was_saved(client, boss):
    post = draft(body="First.")
    mine = refilled(client, post, body="Mine.")
    writing.save_post(post_id=post.pk, lock_version=1, by=SYSTEM, body="Theirs <b>.")

    response = client.post(change(post), mine)

    shown = response.content.decode()
    assert response.status_code == 200
    assert "Mine." in shown
    assert "Theirs &lt;b&gt;." in shown
    assert "Someone else saved this post in the meantime." in shown
    assert re.search(r'name="version" value="2"', shown)
    assert Post.objects.get().body_source == "Theirs <b>.\n"

    form = {**mine, "version": "2", "body": "Both."}
    assert client.post(change(post), form).status_code == 302
    assert Post.objects.get().body_source == "Both.\n"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"slug": "feed"}, "slug"),
        ({"slug": "taken"}, "slug"),
        ({"tag_names": "!"}, "tag_names"),
        ({"author_emails": "nobody@example.com"}, "author_emails"),
        ({"visibility": "entitled"}, "entitlement_subject"),
    ],
)
def test_mistakes_are_shown_at_their_field(client, boss, fields, field):
    draft(title="Taken", slug="taken")

    response = client.post(ADD, filled(**fields))

    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == [field]
    assert Post.objects.count() == 1


def upload(content=None):
    if content is None:
        made = BytesIO()
        Image.new("RGB", (30, 20)).save(made, "PNG")
        content = made.getvalue()
    return SimpleUploadedFile("cover.png", content, "image/png")


def test_a_cover_comes_with_words(client, boss):
    without = client.post(ADD, filled(cover_file=upload()))
    assert list(without.context["adminform"].form.errors) == ["cover_alt"]
    broken = client.post(ADD, filled(cover_file=upload(b"not a picture"), cover_alt="A bowl"))
    assert list(broken.context["adminform"].form.errors) == ["cover_file"]

    client.post(ADD, filled(cover_file=upload(), cover_alt="A bowl"))

    cover = Post.objects.get().cover
    assert (cover.alt, cover.width, cover.height) == ("A bowl", 30, 20)


def test_a_cover_stays_until_it_is_taken_away(client, boss):
    post = draft(cover=picture())

    client.post(change(post), refilled(client, post, title="Better"))
    assert Post.objects.get().cover == post.cover

    client.post(change(post), refilled(client, post, cover_gone="on"))
    assert Post.objects.get().cover is None


def test_an_author_finds_their_own_posts_and_may_not_name_authors(client):
    author = writer(is_staff=True)
    mine, other, public = draft(author, title="Mine"), draft(title="Theirs"), published(author)
    client.force_login(author)

    listed = client.get(reverse("admin:blog_post_changelist")).content.decode()
    assert "Mine" in listed
    assert "Theirs" not in listed
    assert "author_emails" not in client.get(change(mine)).context["adminform"].form.fields
    assert client.post(change(mine), refilled(client, mine, title="Better")).status_code == 302
    mine.refresh_from_db()
    assert (mine.title, [user.pk for user in mine.bylines]) == ("Better", [author.pk])
    assert client.get(change(other)).status_code == 302
    before = snapshot("blog.Post")
    assert client.post(change(public), filled(version=1)).status_code == 403
    assert snapshot("blog.Post") == before


def test_an_author_hands_in_by_a_button(client):
    author = writer(is_staff=True)
    post = draft(author)
    client.force_login(author)

    assert 'value="submit"' in client.get(change(post)).content.decode()
    client.post(change(post), refilled(client, post, body="Finished.", verb="submit"))

    post.refresh_from_db()
    assert (post.status, post.body_source) == ("in_review", "Finished.\n")


@pytest.mark.parametrize(
    ("start", "verb", "status"),
    [
        (draft, "publish", "published"),
        (published, "unpublish", "draft"),
        (published, "archive", "archived"),
    ],
)
def test_a_button_saves_the_text_and_then_does_what_it_says(client, boss, start, verb, status):
    post = start()

    response = client.post(change(post), refilled(client, post, body="Typed last.", verb=verb))

    post.refresh_from_db()
    assert (response.status_code, response["Location"]) == (302, change(post))
    assert (post.status, post.body_source) == (status, "Typed last.\n")
    assert len(events_named("post.saved")) == 1


def test_a_new_post_is_saved_and_published_by_one_button(client, boss):
    client.post(ADD, filled(verb="publish"))

    assert (Post.objects.get().status, Post.objects.get().body_source) == ("published", "*Ash*\n")


def test_a_button_over_what_somebody_else_saved_does_nothing_and_keeps_the_text(client, boss):
    post = draft(body="First.")
    mine = refilled(client, post, body="Mine.", verb="publish")
    writing.save_post(post_id=post.pk, lock_version=1, by=SYSTEM, body="Theirs.")

    response = client.post(change(post), mine)

    post.refresh_from_db()
    assert (response.status_code, post.status, post.body_source) == (200, "draft", "Theirs.\n")
    assert "Mine." in response.content.decode()
    assert no_event("post.published")


def test_a_refused_button_leaves_the_text_saved_and_says_why(client, boss):
    post = draft(body="Full.")

    response = client.post(change(post), refilled(client, post, body="![](/x.png)", verb="publish"), follow=True)

    post.refresh_from_db()
    assert (post.status, post.body_source) == ("draft", "![](/x.png)\n")
    assert "Your text has been saved. Add alternative text" in response.content.decode()


def test_a_button_that_one_may_not_press_changes_nothing(client):
    author = writer(is_staff=True)
    post = draft(author, body="First.")
    client.force_login(author)

    response = client.post(change(post), refilled(client, post, body="Mine.", verb="publish"))

    post.refresh_from_db()
    assert (response.status_code, post.status, post.body_source) == (403, "draft", "First.\n")


def test_a_post_is_scheduled_by_the_button(client, boss):
    post = draft()

    wrong = client.post(change(post), refilled(client, post, verb="publish", publication_time="nonsense"))
    assert list(wrong.context["adminform"].form.errors) == ["publication_time"]
    past = refilled(client, post, verb="publish", publication_time="2020-01-01T10:00")
    assert "This time is in the past." in client.post(change(post), past, follow=True).content.decode()
    post.refresh_from_db()
    assert post.status == "draft"

    client.post(change(post), refilled(client, post, verb="publish", publication_time="2999-01-01T10:00"))
    post.refresh_from_db()
    assert (post.status, post.publish_at.year) == ("scheduled", 2999)


def test_a_picture_is_put_into_the_text_where_the_cursor_was(client, boss):
    post = draft(body="Before 😀.\n\nAfter.")
    where = len("Before 😀.")

    sent = refilled(client, post, picture_file=upload(), picture_alt="A [wet] bowl", picture_at=where)
    response = client.post(change(post), sent)

    shown = Picture.objects.get()
    assert (response.status_code, response["Location"]) == (302, change(post))
    assert shown.alt == "A [wet] bowl"
    post.refresh_from_db()
    assert post.body_source == f"Before 😀.\n\n![A \\[wet\\] bowl](picture:{shown.uid})\n\nAfter.\n"
    assert f'<figure><img alt="A [wet] bowl" data-picture="{shown.uid}"></figure>' in post.body_html


def test_without_a_script_a_picture_comes_at_the_end_also_in_a_new_post(client, boss):
    client.post(ADD, filled(picture_file=upload(), picture_alt="A bowl"))

    assert Post.objects.get().body_source == f"*Ash*\n\n![A bowl](picture:{Picture.objects.get().uid})\n"


def test_a_picture_in_the_text_needs_words_and_must_be_a_picture(client, boss):
    without = client.post(ADD, filled(picture_file=upload()))
    broken = client.post(ADD, filled(picture_file=upload(b"not a picture"), picture_alt="A bowl"))

    assert list(without.context["adminform"].form.errors) == ["picture_alt"]
    assert list(broken.context["adminform"].form.errors) == ["picture_file"]
    assert (Post.objects.count(), Picture.objects.count()) == (0, 0)


def test_an_unknown_sku_is_named_at_saving_and_in_the_list_of_checks(client, boss, product_cards):
    product_cards.put("BOWL-OAT")

    response = client.post(
        ADD, filled(body=":::product BOWL-OAT\n:::\n\n:::product GONE-1\n:::", _continue="1"), follow=True
    )

    shown = response.content.decode()
    assert "Unknown products, not shown in the text: GONE-1." in shown
    assert [(str(check.label), check.passed) for check in response.context["checks"]] == [
        ("Title", True),
        ("Text", True),
        ("Excerpt", False),
        ("Alternative text", True),
        ("Products", False),
    ]


def test_a_text_that_cannot_be_rendered_is_refused_at_its_field(client, boss):
    response = client.post(ADD, filled(body="*_" * 90_000))

    assert list(response.context["adminform"].form.errors) == ["body"]


def test_what_was_typed_when_the_session_ended_comes_back_after_signing_in(client, boss):
    post = draft(body="Old.", comments_closed=True)
    token = client.get(change(post)).context["owner_token"]
    typed = refilled(client, post, body="Typed for an hour.", form_owner=token)
    del typed["comments_closed"]
    client.logout()

    signed_out = client.post(change(post), typed)
    assert signed_out.status_code == 302
    assert "Typed for an hour." not in str(dict(client.session))
    client.force_login(boss)
    page = client.get(change(post))

    form = page.context["adminform"].form
    assert form["body"].value() == "Typed for an hour."
    assert form["comments_closed"].value() is False
    assert "Your unsaved text has been restored" in page.content.decode()
    assert Post.objects.get().body_source == "Old.\n"
    client.post(change(post), refilled(client, post))
    assert Post.objects.get().body_source == "Typed for an hour.\n"
    assert "Your unsaved text has been restored" not in client.get(change(post)).content.decode()


def test_interrupted_text_is_restored_only_to_its_author(client, boss):
    token = client.get(ADD).context["owner_token"]
    client.logout()
    client.post(ADD, filled(body="Secret draft.", form_owner=token))
    client.force_login(editor(is_staff=True))

    assert "Secret draft." not in client.get(ADD).content.decode()


def test_autosave_is_offered_until_the_post_is_saved(client, boss):
    post = draft(body="Old.")
    url = reverse("admin:blog_post_autosave", args=[post.pk])
    before = snapshot("blog.Post")

    for body in ("Typed", "Typed more"):
        assert client.post(url, {"title": "T", "excerpt": "", "body": body}).status_code == 204

    assert snapshot("blog.Post") == before
    assert Revision.objects.get(kind="autosave").body_source == "Typed more"
    assert "?autosave" in client.get(change(post)).content.decode()
    form = client.get(f"{change(post)}?autosave").context["adminform"].form
    assert (form["title"].value(), form["body"].value()) == ("T", "Typed more")
    client.post(change(post), refilled(client, post, body="Saved."))
    assert not Revision.objects.filter(kind="autosave").exists()
    assert client.get(url).status_code == 405


def test_autosave_of_another_authors_post_is_denied(client):
    post = draft()
    client.force_login(writer(is_staff=True))

    response = client.post(reverse("admin:blog_post_autosave", args=[post.pk]), {"body": "Mine."})

    assert response.status_code == 403
    assert not Revision.objects.filter(kind="autosave").exists()


def test_form_without_owner_token_is_not_restored(client):
    client.post(ADD, filled(form_owner="forged"))

    assert "interrupted_form" not in client.session


def test_an_action_over_many_does_what_it_can_and_says_what_it_could_not(client, boss):
    fine, empty = draft(title="Fine"), draft(title="Empty", body="")

    chosen = {"action": "publish", "_selected_action": [fine.pk, empty.pk]}
    response = client.post(reverse("admin:blog_post_changelist"), chosen, follow=True)

    assert [Post.objects.get(pk=post.pk).status for post in (fine, empty)] == ["published", "draft"]
    shown = response.content.decode()
    assert "1 post updated." in shown
    assert "Empty: A post needs a text before it can be published." in shown


def test_revisions_are_shown_newest_first_and_not_all_of_them(client, boss):
    post = draft()
    Revision.objects.bulk_create(
        Revision(post=post, number=number, title=f"Version {number}", content_hash=str(number))
        for number in range(2, 40)
    )

    shown = client.get(change(post)).content.decode()

    assert re.findall(r"Version (\d+)", shown) == [str(number) for number in range(39, 19, -1)]


def test_a_revision_that_staff_saved_in_an_authors_name_stands_under_both(client, boss):
    wanda, owner = editor(), person("Olive Owner")
    acting = Actor("user", wanda.public_id, wanda, owner.public_id)
    post = writing.create_post(by=acting, title="Ash", body="First.")
    writing.save_post(post_id=post.pk, lock_version=1, body="Second.", by=Actor.person(wanda))

    shown = client.get(change(post)).content.decode()

    assert re.findall(r"<td>((?:Olive Owner for )?Edith Editor)</td>", shown) == [
        "Edith Editor",
        "Olive Owner for Edith Editor",
    ]


def test_posts_are_put_away_not_deleted(client, staff):
    post = published()
    client.force_login(staff)

    assert client.post(reverse("admin:blog_post_delete", args=[post.pk]), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [post.pk], "post": "yes"}
    client.post(reverse("admin:blog_post_changelist"), chosen)

    assert Post.objects.filter(pk=post.pk).exists()


@pytest.mark.parametrize(("action", "status"), [("approve", "approved"), ("refuse", "spam"), ("remove", "deleted")])
def test_comments_are_moderated_in_the_list(client, boss, action, status):
    said = commenting.add_comment(post_id=published().pk, body="Hm", by=Actor.person(person()))

    chosen = {"action": action, "_selected_action": [said.pk]}
    response = client.post(reverse("admin:blog_comment_changelist"), chosen)

    said.refresh_from_db()
    assert (response.status_code, said.status) == (302, status)
    assert client.get(reverse("admin:blog_comment_change", args=[said.pk])).status_code == 200


def test_comments_are_not_moderated_by_others(client):
    said = commenting.add_comment(post_id=published().pk, body="Hm", by=Actor.person(person()))
    client.force_login(writer(is_staff=True))

    chosen = {"action": "approve", "_selected_action": [said.pk]}
    assert client.post(reverse("admin:blog_comment_changelist"), chosen).status_code == 403

    assert Comment.objects.get().status == "pending"
    assert no_event("comment.approved")


def test_a_subject_gets_words_and_other_names(client, staff):
    draft(tags=["Ash"])
    client.force_login(staff)
    tag = Tag.objects.get()
    form = {
        "name": "Ash",
        "slug": "ash",
        "description": "Burnt wood.",
        "aliases-TOTAL_FORMS": "1",
        "aliases-INITIAL_FORMS": "0",
        "aliases-0-slug": "wood-ash",
        "aliases-0-tag": tag.pk,
    }

    assert client.post(reverse("admin:blog_tag_change", args=[tag.pk]), form).status_code == 302

    tag.refresh_from_db()
    assert (tag.description, [alias.slug for alias in tag.aliases.all()]) == ("Burnt wood.", ["wood-ash"])
