"""Load the journal: published, scheduled and draft posts, and comments."""

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
from demo.loading.studio import CONTENT_DIR, Step, Studio, read_content

SOURCE = "demo"
DRAFT_LEAD_DAYS = 3  # days before a post appeared
COMMENT_NAMESPACE = UUID("5b2f9d4e-55f1-4c6b-9a43-0d1c7a1f6e10")
FILE_LINK = re.compile(r"\]\(((?:journal|products)/[^)]+)\)")


def steps(studio: Studio) -> Iterator[Step]:
    """Yield each post as a draft, then its submission, schedule or publication, then the comments."""
    comments = read_content("comments.json")
    careful = {comment["post"] for comment in comments if comment["status"] == "pending"}
    for post in read_content("journal.json"):
        slug, shown = post["slug"], post["days_ago"]
        moderation = Post.Moderation.ALL if slug in careful else Post.Moderation.FIRST
        # A scheduled post was written after the last publication. A post in review was submitted when last edited.
        ready = shown if shown is not None and shown > 0 else post.get("edited_days_ago", 1)
        yield Step(
            studio.ago(ready + DRAFT_LEAD_DAYS), f"draft:{slug}", partial(_create_draft, studio, post, moderation)
        )
        yield Step(studio.ago(ready), f"post:{slug}", partial(_publish, studio, post))
    for comment in comments:
        yield Step(
            studio.ago(comment["days_ago"]), f"comment:{comment['index']}", partial(_add_comment, studio, comment)
        )


@transaction.atomic
def _create_draft(studio: Studio, data: dict[str, Any], moderation: str, now: datetime) -> None:
    writing.create_post(
        by=studio.actor(data["author"]),
        now=now,
        import_source=SOURCE,
        import_ref=data["slug"],
        slug=data["slug"],
        title=data["title"],
        excerpt=data["excerpt"],
        body=_upload_images(studio, (CONTENT_DIR / data["body"]).read_text()),
        tags=data["tags"],
        cover=studio.picture(data["cover"]),
        seo_description=data["description"],
        comments_mode=moderation,
    )


def _upload_images(studio: Studio, body: str) -> str:
    """Return the text with file names replaced by the ids of uploaded images."""
    return FILE_LINK.sub(lambda found: f"](picture:{studio.picture(found[1]).uid})", body)


def _publish(studio: Studio, data: dict[str, Any], now: datetime) -> None:
    post_id = _get_post_id(data["slug"])
    if data["status"] == "in_review":
        writing.submit_post(post_id=post_id, by=studio.actor(data["author"]), now=now)
    elif data["status"] == "scheduled":
        publish_at = studio.ago(data["days_ago"])
        publishing.schedule_post(post_id=post_id, publish_at=publish_at, by=studio.owner, now=now)
    else:
        publishing.publish_post(post_id=post_id, by=studio.owner, now=now)


@transaction.atomic
def _add_comment(studio: Studio, data: dict[str, Any], now: datetime) -> None:
    said = commenting.add_comment(
        post_id=_get_post_id(data["post"]),
        body=data["body"],
        by=studio.actor(data["email"]),
        parent=_make_uid(data["parent"]) if data["parent"] is not None else None,
        uid=_make_uid(data["index"]),
        now=now,
    )
    if data["status"] == "approved" and said.status == Comment.Status.PENDING:
        commenting.approve_comment(comment_id=said.pk, by=studio.owner, now=now)


def _get_post_id(slug: str) -> int:
    return Post.objects.values_list("pk", flat=True).get(import_source=SOURCE, import_ref=slug)


def _make_uid(index: int) -> UUID:
    """Return the uid of a comment, made from its position, so that replies find their parent."""
    return uuid5(COMMENT_NAMESPACE, str(index))
