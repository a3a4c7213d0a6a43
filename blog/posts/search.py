"""What search knows of the journal. A text that not everybody may read is found only by those who may."""

import hashlib
from collections.abc import Iterator, Sequence

from accounts.permissions.models import Entitlement
from blog.posts.models import Post
from core.context import Grant
from core.search import index as search
from core.search.index import Document

BATCH_SIZE = 200
MEMBERS = "members"


@search.register("post")
def post_documents(slugs: Sequence[str] | None) -> Iterator[Document]:
    """Documents of published posts; comments make a post weigh more. Two queries a batch."""
    found = Post.objects.published().prefetch_related("tags").order_by("pk")
    if slugs is not None:
        found = found.filter(slug__in=slugs)
    for post in found.iterator(chunk_size=BATCH_SIZE):
        names = " ".join(tag.name for tag in post.tags.all())
        yield Document(
            public_id=post.slug,
            title=post.title,
            url=post.get_absolute_url(),
            summary=post.excerpt,
            body=f"{names}\n{post.body_text}",
            weight=float(post.comment_count),
            audience=[_build_token(post)],
            at=post.published_at or post.created_at,
        )


@search.register_audience
def get_reader_tokens(viewer: Grant) -> list[str]:
    """The tokens of a viewer: that they have an account, and what they hold. One query; none for strangers."""
    if viewer.user is None:
        return []
    held = Entitlement.objects.of(viewer.user).running().values_list("kind", "subject").distinct()
    return [MEMBERS, *(_get_key(kind, subject) for kind, subject in held)]


def _build_token(post: Post) -> str:
    if post.visibility == Post.Visibility.ENTITLED:
        return _get_key(post.entitlement_kind, post.entitlement_subject)
    return MEMBERS if post.visibility == Post.Visibility.MEMBERS else search.EVERYONE


def _get_key(kind: str, subject: str) -> str:
    """A token of fixed length for those who hold something."""
    return f"holds:{hashlib.sha256(f'{kind}:{subject}'.encode()).hexdigest()}"
