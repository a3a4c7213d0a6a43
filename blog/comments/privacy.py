"""Personal data of the journal: export and erasure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.privacy import registry as privacy
from accounts.privacy.registry import DataCategory, DataHandler, Person, Records, RetentionPolicy
from blog.comments.models import Comment
from blog.posts.models import Post, Revision

CHUNK_SIZE = 500


def export(person: Person) -> Iterator[Records]:
    comments = Comment.objects.filter(author=person.user).select_related("post").order_by("pk")
    rows = map(_comment, comments.iterator(chunk_size=CHUNK_SIZE))
    yield Records("journal/comments.json", _("Comments you wrote."), rows)
    posts = Post.objects.filter(authors=person.user).order_by("pk")
    yield Records("journal/posts.json", _("Posts you wrote."), map(_post, posts.iterator(chunk_size=CHUNK_SIZE)))
    saved = Revision.objects.filter(author=person.user).select_related("post").order_by("pk")
    rows = map(_revision, saved.iterator(chunk_size=CHUNK_SIZE))
    yield Records("journal/revisions.json", _("Revisions of posts you saved."), rows)


def erase(person: Person, now: datetime) -> None:
    """Anonymise comments. Posts stay linked to the account, which no longer has a name."""
    Comment.objects.filter(author=person.user).update(author=None, author_name="")
    saved = Revision.objects.filter(author=person.user)
    saved.filter(kind=Revision.Kind.AUTOSAVE).delete()
    saved.update(author=None)
    Post.objects.filter(created_by=person.user).update(created_by=None)


def _comment(comment: Comment) -> dict[str, Any]:
    names = ("uid", "status", "body_source", "created_at", "edited_at")
    return {"post": comment.post.slug, **{name: getattr(comment, name) for name in names}}


def _post(post: Post) -> dict[str, Any]:
    names = ("slug", "title", "excerpt", "body_source", "status", "created_at", "published_at", "updated_at")
    return {name: getattr(post, name) for name in names}


def _revision(revision: Revision) -> dict[str, Any]:
    names = ("number", "kind", "title", "excerpt", "body_source", "created_at")
    return {"post": revision.post.slug, **{name: getattr(revision, name) for name in names}}


privacy.register(
    "blog",
    DataHandler(
        words=_("Journal"),
        export=export,
        erase=erase,
        categories=(
            DataCategory(
                _("Comments"),
                RetentionPolicy.NAMELESS,
                {"blog.Comment": "author author_name body_source body_html"},
                why=_("Others replied to them. You can delete your comments before you delete your account."),
                file="journal/comments.json",
            ),
            DataCategory(
                _("Posts you wrote"),
                RetentionPolicy.NAMELESS,
                {
                    "blog.Post": "authors created_by title excerpt body_source body_html body_text toc seo_description",
                    "blog.PostAuthor": "user",
                },
                why=_("They belong to the journal. Your name is removed."),
                file="journal/posts.json",
            ),
            DataCategory(
                _("Revisions of posts you saved. Autosaves are deleted."),
                RetentionPolicy.NAMELESS,
                {"blog.Revision": "author label title excerpt body_source meta"},
                why=_("They are the history of the posts."),
                file="journal/revisions.json",
            ),
        ),
        unrelated_columns={
            "blog.Comment": "path import_source import_ref",
            "blog.Post": "slug schedule_error entitlement_kind entitlement_subject import_source import_ref",
            "blog.Revision": "content_hash",
        },
    ),
)
