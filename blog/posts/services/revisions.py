"""Revisions and autosaves of posts."""

import hashlib
import json
from datetime import datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from blog.posts import access
from blog.posts.models import Post, Revision
from core.context import Actor
from core.errors import Denied, Invalid
from core.validation.xml_text import drop_non_xml

MAX_LENGTHS = {
    "title": 200,
    "excerpt": 500,
    "body": 200_000,
    "seo_description": 300,
    "entitlement_kind": 40,
    "entitlement_subject": 80,
}


class FieldTooLong(Invalid):
    code = "too_long"
    message = _("Use at most %(most)s characters.")


def save_revision(post: Post, *, by: Actor, now: datetime, kind: str = Revision.Kind.MANUAL) -> Revision:
    """Save the text of a locked post as its next revision. Saving the same text twice creates one revision."""
    meta = {
        "tags": list(post.taggings.order_by("position").values_list("tag__slug", flat=True)),
        "cover": str(post.cover.uid) if post.cover else None,
        "seo_description": post.seo_description,
    }
    said = json.dumps([post.title, post.excerpt, post.body_source, meta], sort_keys=True)
    content_hash = hashlib.sha256(said.encode()).hexdigest()
    saved = Revision.objects.filter(post=post).exclude(kind=Revision.Kind.AUTOSAVE)
    last = saved.order_by("-number").first()
    if last is not None and (last.kind, last.content_hash) == (kind, content_hash):
        return last
    return Revision.objects.create(
        post=post,
        number=_get_next_number(post),
        kind=kind,
        author=by.user,
        title=post.title,
        excerpt=post.excerpt,
        body_source=post.body_source,
        meta=meta,
        content_hash=content_hash,
        created_at=now,
    )


@transaction.atomic
def autosave_post(
    *, post_id: int, by: Actor, title: str, excerpt: str, body: str, now: datetime | None = None
) -> Revision:
    """Save what a person is typing as that person's autosave of the post. The post does not change.

    Locks the post. Raises Denied, FieldTooLong. Records no event, because it runs every few seconds.
    """
    post = Post.objects.locked().get(pk=post_id)
    if by.user is None or not access.can_edit(post, by):
        raise Denied(required_permission=access.EDIT_ANY)
    texts = {"title": title, "excerpt": excerpt, "body_source": body}
    for name, text in texts.items():
        most = MAX_LENGTHS["body" if name == "body_source" else name]
        if len(text) > most:
            raise FieldTooLong(field=name, most=most)
    delete_autosave(post, by)
    return Revision.objects.create(
        post=post,
        number=_get_next_number(post),
        kind=Revision.Kind.AUTOSAVE,
        author=by.user,
        content_hash=hashlib.sha256(json.dumps(texts).encode()).hexdigest(),
        created_at=now or timezone.now(),
        **{name: drop_non_xml(text) for name, text in texts.items()},
    )


def delete_autosave(post: Post, by: Actor) -> None:
    """Delete a person's autosave after it is saved or discarded."""
    Revision.objects.filter(post=post, author=by.user, kind=Revision.Kind.AUTOSAVE).delete()


def _get_next_number(post: Post) -> int:
    return (Revision.objects.filter(post=post).aggregate(last=Max("number"))["last"] or 0) + 1
