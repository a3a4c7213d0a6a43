"""Posts in the search index. A restricted post is found only by those who can read it."""

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
    """Yield documents of published posts. Comments increase the weight. Two queries a batch."""
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
    """Return the viewer's access tokens: account and entitlements. One query; none for anonymous users."""
    if viewer.user is None:
        return []
    held = Entitlement.objects.of(viewer.user).running().values_list("kind", "subject").distinct()
    return [MEMBERS, *(_get_key(kind, subject) for kind, subject in held)]


def _build_token(post: Post) -> str:
    if post.visibility == Post.Visibility.ENTITLED:
        return _get_key(post.entitlement_kind, post.entitlement_subject)
    return MEMBERS if post.visibility == Post.Visibility.MEMBERS else search.EVERYONE


def _get_key(kind: str, subject: str) -> str:
    """Return a fixed-length token for an entitlement."""
    return f"holds:{hashlib.sha256(f'{kind}:{subject}'.encode()).hexdigest()}"
