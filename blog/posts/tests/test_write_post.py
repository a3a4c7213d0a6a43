"""Writing: begin, save, hand in. The text is rendered once, the version guards it, each save is a revision."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from blog.posts.models import Post, Revision
from blog.posts.services import slugs, writing
from blog.posts.services.writing import EditConflict
from blog.tags.models import Tag
from blog.tests.factories import NOON, SYSTEM, draft, editor, person, published, writer
from core.composition import cross_references
from core.constraints import violated_constraint
from core.content import markdown
from core.context import Actor
from core.errors import Denied, Invalid
from core.testing import events_named, failures, no_event, race, snapshot

pytestmark = pytest.mark.django_db

STORY = """## First

A *bowl*, and [a link](/shop/).

:::product BOWL-OAT
:::

## Second
"""


def save(post: Post, by: Actor = SYSTEM, **fields):
    version = fields.pop("lock_version", post.lock_version)
    return writing.save_post(post_id=post.pk, lock_version=version, by=by, now=NOON, **fields)


def test_a_new_post_is_a_draft_of_its_author_with_an_address_made_from_its_title():
    author = writer()

    post = writing.create_post(
        by=Actor.person(author), now=NOON, title=" On Glazes ", body=STORY, tags=["Glaze", "Kiln"]
    )

    assert (post.title, post.slug, post.status, post.lock_version) == ("On Glazes", "on-glazes", "draft", 1)
    assert [user.pk for user in post.bylines] == [author.pk]
    assert [tag.name for tag in post.labels] == ["Glaze", "Kiln"]
    assert (post.created_at, post.published_at) == (NOON, None)
    (event,) = events_named("post.created")
    assert (event.subject_kind, event.subject_id, event.actor_id) == ("post", "on-glazes", str(author.uid))


def test_the_text_is_rendered_when_it_is_saved():
    post = draft(body=STORY)

    assert '<h2 id="h-first">First</h2>' in post.body_html
    assert '<div data-card="product:BOWL-OAT"></div>' in post.body_html
    assert post.body_text == "First\nA bowl, and a link.\nSecond"
    assert post.word_count == 7
    assert post.toc == [
        {"level": 2, "id": "h-first", "text": "First"},
        {"level": 2, "id": "h-second", "text": "Second"},
    ]


def test_references_are_saved_with_the_post():
    post = draft(body=STORY)
    assert cross_references.sources_of(("product", "BOWL-OAT"), "post") == [post.slug]

    save(post, body=":::product MUG-OCHRE\n:::\n")

    assert cross_references.sources_of(("product", "MUG-OCHRE"), "post") == [post.slug]
    assert cross_references.sources_of(("product", "BOWL-OAT"), "post") == []


def test_a_save_makes_a_revision_and_raises_the_version():
    post = draft()

    saved = save(post, title="Other", body="Other text.")

    assert (saved.lock_version, saved.title, saved.slug) == (2, "Other", post.slug)
    revisions = list(Revision.objects.filter(post=post).order_by("number").values_list("number", "kind", "title"))
    assert revisions == [(1, "manual", post.title), (2, "manual", "Other")]
    (event,) = events_named("post.saved")
    assert event.data == {"revision": 2, "lock_version": 2}


def test_saving_what_is_there_already_leaves_no_trace():
    post = draft(tags=["Glaze"])
    before = snapshot("blog.Post", "blog.Revision", "blog.PostTag")

    save(post, title=post.title, body=post.body_source, tags=["glaze"], slug=post.slug)

    assert snapshot("blog.Post", "blog.Revision", "blog.PostTag") == before
    assert no_event("post.saved")


def test_a_save_over_a_version_that_was_not_read_is_refused_with_both_texts():
    post = draft(title="Mine", body="First.")
    save(post, body="Theirs.")
    before = snapshot("blog.Post", "blog.Revision")

    with pytest.raises(EditConflict) as refused:
        save(post, body="Yours.", lock_version=1)

    assert refused.value.status == 409
    assert refused.value.details["yours"] == {"body": "Yours."}
    assert refused.value.details["theirs"] == {
        "title": "Mine",
        "excerpt": "What a glaze is.",
        "body": "Theirs.\n",
        "lock_version": 2,
    }
    assert snapshot("blog.Post", "blog.Revision") == before


@pytest.mark.django_db(transaction=True)
def test_of_eight_who_save_at_once_one_succeeds_and_the_others_get_both_texts():
    post = draft()

    results = race(*[lambda n=n: save(post, body=f"By {n}.") for n in range(8)])

    assert [type(refused) for refused in failures(results)] == [EditConflict] * 7
    (saved,) = [result for result in results if isinstance(result, Post)]
    assert {refused.details["theirs"]["body"] for refused in failures(results)} == {saved.body_source}
    assert Post.objects.get().lock_version == 2
    assert len(events_named("post.saved")) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"body": "x" * 200_001}, "body"),
        ({"slug": "feed"}, "slug"),
        ({"slug": "!!"}, "slug"),
        ({"visibility": "entitled"}, "entitlement_subject"),
        ({"tags": ["!"]}, "tags"),
        ({"tags": [str(n) for n in range(13)]}, "tags"),
        ({"authors": []}, "authors"),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_changes_nothing(fields, field):
    post = draft()
    before = snapshot("blog.Post", "blog.Revision", "blog.PostTag", "blog.PostAuthor")

    with pytest.raises(Invalid) as refused:
        save(post, **fields)

    assert refused.value.field == field
    assert refused.value.status == 422
    assert snapshot("blog.Post", "blog.Revision", "blog.PostTag", "blog.PostAuthor") == before


@pytest.mark.parametrize("who", ["stranger", "customer", "other writer"])
def test_others_may_not_save_a_post(who):
    post = draft()
    by = {"stranger": Actor.guest(), "customer": Actor.person(person()), "other writer": Actor.person(writer())}[who]
    before = snapshot("blog.Post")

    with pytest.raises(Denied):
        save(post, by, title="Stolen")

    assert snapshot("blog.Post") == before
    assert no_event("post.saved")


def test_only_those_with_the_right_begin_posts():
    with pytest.raises(Denied):
        writing.create_post(by=Actor.person(person()), title="Mine")

    assert not Post.objects.exists()


def test_a_writer_edits_their_draft_but_not_what_is_public():
    author = writer()
    mine, public = draft(author), published(author)

    assert save(mine, Actor.person(author), title="Better").title == "Better"
    with pytest.raises(Denied):
        save(public, Actor.person(author), title="Better")


def test_an_editor_edits_everything_and_names_authors():
    post, first, second = published(), writer(), writer()

    saved = save(post, Actor.person(editor()), title="Better", authors=[second, first])

    assert [user.pk for user in saved.bylines] == [second.pk, first.pk]


def test_a_writer_does_not_give_their_post_away():
    author = writer()
    post = draft(author)

    with pytest.raises(Denied):
        save(post, Actor.person(author), authors=[writer()])

    assert [user.pk for user in post.bylines] == [author.pk]


def test_tags_are_found_by_name_address_and_alias_and_made_once():
    first = draft(tags=["Glaze", "Wood ash"])
    ash = first.labels[1]
    ash.aliases.create(slug="ash")
    ash.name = "Ash glazes"
    ash.save()

    second = draft(tags=["glaze", "ASH", "ash GLAZES", "wood-ash"])

    assert [tag.pk for tag in second.labels] == [tag.pk for tag in first.labels]


def test_a_post_is_handed_in_once():
    author = writer()
    post = draft(author)

    writing.submit_post(post_id=post.pk, by=Actor.person(author), now=NOON)

    post.refresh_from_db()
    assert post.status == "in_review"
    with pytest.raises(writing.NotADraft):
        writing.submit_post(post_id=post.pk, by=Actor.person(author), now=NOON)
    assert len(events_named("post.submitted")) == 1


def test_an_imported_post_comes_once():
    draft(import_source="ghost", import_ref="5f1a")

    with pytest.raises(IntegrityError, match="post_import_once"), transaction.atomic():
        draft(import_source="ghost", import_ref="5f1a")

    assert Revision.objects.get().kind == "import"


def test_what_an_older_renderer_rendered_is_rendered_again():
    post = draft(body="*New*")
    Post.objects.update(body_html="old", render_version=0)

    assert writing.rerender_posts() == 1

    post.refresh_from_db()
    assert post.body_html == "<p><em>New</em></p>\n"
    assert writing.rerender_posts() == 0


def test_the_command_renders_posts_again_that_an_older_renderer_made():
    post = draft(body="*New*")
    refused = draft(body="Short.")
    Post.objects.filter(pk=post.pk).update(body_html="old", render_version=0)
    Post.objects.filter(pk=refused.pk).update(body_source="*_" * 90_000, body_html="kept", render_version=0)
    said = StringIO()

    call_command("rerender_posts", stdout=said)

    post.refresh_from_db()
    refused.refresh_from_db()
    assert post.body_html == "<p><em>New</em></p>\n"
    assert refused.body_html == "kept"
    assert said.getvalue() == "Posts rendered again: 2\n"
    assert not Post.objects.exclude(render_version=markdown.VERSION).exists()


def test_a_text_saved_while_it_is_rendered_again_is_not_overwritten(monkeypatch):
    post = draft(body="Old.")
    Post.objects.update(render_version=0)
    render = markdown.render

    def render_slowly(source):
        Post.objects.update(body_source="New.\n", body_html="<p>New.</p>\n", render_version=markdown.VERSION)
        return render(source)

    monkeypatch.setattr(markdown, "render", render_slowly)

    assert writing.rerender_posts() == 0
    post.refresh_from_db()
    assert post.body_html == "<p>New.</p>\n"


def test_characters_that_feeds_cannot_hold_are_dropped_at_saving():
    post = draft(title="A\u000bB", excerpt="C\ufffeD", body="E\u0008F", seo_description="G\u000cH", tags=["I\u000bJ"])

    assert (post.title, post.excerpt, post.body_source, post.seo_description) == ("AB", "CD", "EF\n", "GH")
    assert [tag.name for tag in post.tags.all()] == ["IJ"]


def test_a_title_that_shows_nothing_is_refused():
    with pytest.raises(writing.MissingTitle) as refused:
        draft(title="\u200b\u2060")

    assert refused.value.field == "title"
    assert not Post.objects.exists()


def test_a_title_in_any_script_gives_an_address_that_keeps_its_vowels():
    assert draft(title="हिन्दी में लेख", tags=["हिन्दी"]).slug == "हिन्दी-में-लेख"
    assert Tag.objects.get().slug == "हिन्दी"


def test_a_draft_without_an_author_is_refused():
    with pytest.raises(writing.MissingAuthor):
        writing.create_post(by=SYSTEM, title="Nobody's", body="x")

    assert not Post.objects.exists()


def test_a_rule_of_the_database_is_not_taken_for_another(monkeypatch):
    """Only the constraint on addresses means that an address is taken, whatever else the error says."""
    post = draft(title="On slugs")
    monkeypatch.setattr(slugs, "clean_slug", lambda wanted, of=None: wanted)

    with pytest.raises(slugs.SlugTaken):
        draft(slug=post.slug)
    with pytest.raises(IntegrityError) as refused:
        draft(slug="Slug")
    assert violated_constraint(refused.value) == "post_slug_lower"


def test_a_reserved_word_as_a_title_still_gets_an_address():
    assert slugs.generate_slug("Feed") == "feed-post"
    assert slugs.generate_slug("!!!") == "a-post"
