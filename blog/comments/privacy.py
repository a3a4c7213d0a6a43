"""What the journal holds about people."""

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
    yield Records("journal/comments.json", _("What you said under posts."), rows)
    posts = Post.objects.filter(authors=person.user).order_by("pk")
    yield Records(
        "journal/posts.json", _("Posts that bear your name."), map(_post, posts.iterator(chunk_size=CHUNK_SIZE))
    )
    saved = Revision.objects.filter(author=person.user).select_related("post").order_by("pk")
    rows = map(_revision, saved.iterator(chunk_size=CHUNK_SIZE))
    yield Records("journal/revisions.json", _("Versions of posts that you saved."), rows)


def erase(person: Person, now: datetime) -> None:
    """Comments lose their author; posts stay with the account, which has no name any more."""
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
                why=_("Others answered them. You can remove any of them yourself before you go."),
                file="journal/comments.json",
            ),
            DataCategory(
                _("Posts that you wrote"),
                RetentionPolicy.NAMELESS,
                {
                    "blog.Post": "authors created_by title excerpt body_source body_html body_text toc seo_description",
                    "blog.PostAuthor": "user",
                },
                why=_("They are the journal's. In place of your name it says that somebody left."),
                file="journal/posts.json",
            ),
            DataCategory(
                _("Versions of posts that you saved; what was saved by itself is erased"),
                RetentionPolicy.NAMELESS,
                {"blog.Revision": "author label title excerpt body_source meta"},
                why=_("They are the history of the journal's texts."),
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
