"""Keep what a post said."""

import hashlib
import json
from datetime import datetime

from blog.models import Post, Revision
from core.context import Actor


def keep_revision(post: Post, *, by: Actor, now: datetime, kind: str = Revision.Kind.MANUAL) -> Revision:
    """Write the text of a locked post down as its next revision; the same text saved twice is one revision."""
    meta = {
        "tags": list(post.taggings.order_by("position").values_list("tag__slug", flat=True)),
        "cover": str(post.cover.uid) if post.cover else None,
        "seo_description": post.seo_description,
    }
    said = json.dumps([post.title, post.excerpt, post.body_source, meta], sort_keys=True)
    content_hash = hashlib.sha256(said.encode()).hexdigest()
    last = Revision.objects.filter(post=post).order_by("-number").first()
    if last is not None and (last.kind, last.content_hash) == (kind, content_hash):
        return last
    return Revision.objects.create(
        post=post,
        number=(last.number if last else 0) + 1,
        kind=kind,
        author=by.user,
        title=post.title,
        excerpt=post.excerpt,
        body_source=post.body_source,
        meta=meta,
        content_hash=content_hash,
        created_at=now,
    )
