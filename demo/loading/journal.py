"""The journal: published, planned and unfinished posts, and what readers said about them."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction

from blog.comments import services as commenting
from blog.comments.models import Comment
from blog.posts.models import Post
from blog.posts.services import publishing, writing
from demo.loading.studio import CONTENT, Step, Studio, read

SOURCE = "demo"
DRAFTED = 3  # days before a post appeared
COMMENTS = UUID("5b2f9d4e-55f1-4c6b-9a43-0d1c7a1f6e10")
FILE = re.compile(r"\]\(((?:journal|products)/[^)]+)\)")


def steps(studio: Studio) -> Iterator[Step]:
    """Each post is drafted, then handed in, planned or published; then come the comments."""
    comments = read("comments.json")
    careful = {comment["post"] for comment in comments if comment["status"] == "pending"}
    for post in read("journal.json"):
        slug, shown = post["slug"], post["days_ago"]
        moderation = Post.Moderation.ALL if slug in careful else Post.Moderation.FIRST
        # A planned post was written when the last one was out, and one in review was handed in when last edited.
        ready = shown if shown is not None and shown > 0 else post.get("edited_days_ago", 1)
        yield Step(studio.ago(ready + DRAFTED), f"draft:{slug}", partial(_draft, studio, post, moderation))
        yield Step(studio.ago(ready), f"post:{slug}", partial(_bring_out, studio, post))
    for comment in comments:
        yield Step(studio.ago(comment["days_ago"]), f"comment:{comment['index']}", partial(_comment, studio, comment))


@transaction.atomic
def _draft(studio: Studio, data: dict[str, Any], moderation: str, now: datetime) -> None:
    writing.create_post(
        by=studio.actor(data["author"]),
        now=now,
        import_source=SOURCE,
        import_ref=data["slug"],
        slug=data["slug"],
        title=data["title"],
        excerpt=data["excerpt"],
        body=_with_pictures(studio, (CONTENT / data["body"]).read_text()),
        tags=data["tags"],
        cover=studio.picture(data["cover"]),
        seo_description=data["description"],
        comments_mode=moderation,
    )


def _with_pictures(studio: Studio, body: str) -> str:
    """The text, with the names of files turned into those of kept pictures."""
    return FILE.sub(lambda found: f"](picture:{studio.picture(found[1]).uid})", body)


def _bring_out(studio: Studio, data: dict[str, Any], now: datetime) -> None:
    post_id = _post_id(data["slug"])
    if data["status"] == "in_review":
        writing.submit_post(post_id=post_id, by=studio.actor(data["author"]), now=now)
    elif data["status"] == "scheduled":
        publish_at = studio.ago(data["days_ago"])
        publishing.schedule_post(post_id=post_id, publish_at=publish_at, by=studio.owner, now=now)
    else:
        publishing.publish_post(post_id=post_id, by=studio.owner, now=now)


@transaction.atomic
def _comment(studio: Studio, data: dict[str, Any], now: datetime) -> None:
    said = commenting.add_comment(
        post_id=_post_id(data["post"]),
        body=data["body"],
        by=studio.actor(data["email"]),
        parent=_uid(data["parent"]) if data["parent"] is not None else None,
        uid=_uid(data["index"]),
        now=now,
    )
    if data["status"] == "approved" and said.status == Comment.Status.PENDING:
        commenting.approve_comment(comment_id=said.pk, by=studio.owner, now=now)


def _post_id(slug: str) -> int:
    return Post.objects.values_list("pk", flat=True).get(import_source=SOURCE, import_ref=slug)


def _uid(index: int) -> UUID:
    """A comment's id, made from its place in the list, so that a reply finds what it answers."""
    return uuid5(COMMENTS, str(index))
