"""Reads for pages, feeds and the API. Each docstring states the number of queries."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from accounts.impersonation.queries import ImpersonationNames, get_impersonation_names
from accounts.users.models import User
from blog.posts import access
from blog.posts.models import LARGE_FIELDS, Post, PostAuthor, PostQuerySet, Revision, SlugRedirect
from blog.tags.models import PostTag, Tag, TagAlias
from core.context import Grant
from core.events.models import Event
from core.keyset_pagination import Page, keyset
from core.prepared_queries import PreparedQuery, prepared
from core.ttl_cache import ttl_cache

NEWEST_FIRST = ("-published_at", "-id")
PAGE_SIZE = 13  # the lead story and four rows of three
FEED_SIZE = 30
MAX_RELATED = 3
RELATED_CANDIDATES = 200


# Fields of a post card.
LIST_FIELDS = (
    *("slug", "title", "excerpt", "status", "visibility", "published_at", "word_count"),
    *(f"cover__{name}" for name in ("file", "width", "height", "alt", "decorative", "color", "renditions")),
)
NAMES_SQL = """
SELECT post.id,
       ARRAY(
           SELECT coalesce(nullif(author.name, ''), %s)
           FROM blog_postauthor JOIN accounts_user author ON author.id = blog_postauthor.user_id
           WHERE blog_postauthor.post_id = post.id ORDER BY blog_postauthor.position
       ),
       (
           SELECT tag.name FROM blog_posttag JOIN blog_tag tag ON tag.id = blog_posttag.tag_id
           WHERE blog_posttag.post_id = post.id ORDER BY blog_posttag.position LIMIT 1
       )
FROM blog_post post WHERE post.id = ANY(%s)
"""


# Queries of a post's page; the arguments are parameters (core.prepared_queries).
POST_BY_SLUG = PreparedQuery(lambda slug, now: Post.objects.published(now).select_related("cover").filter(slug=slug))
POST_AUTHORS = PreparedQuery(
    lambda post: PostAuthor.objects.filter(post=post).select_related("user__avatar").order_by("position")
)
POST_TAGS = PreparedQuery(lambda post: PostTag.objects.filter(post=post).select_related("tag").order_by("position"))
NEWEST_TAGS = PreparedQuery(
    lambda now: (
        Post.objects.published(now)
        .order_by(*NEWEST_FIRST)
        .values_list("pk", ArraySubquery(PostTag.objects.filter(post=OuterRef("pk")).values("tag")))[
            :RELATED_CANDIDATES
        ]
    )
)
CARD_POSTS = PreparedQuery(lambda keys: Post.objects.filter(pk__any=keys).defer(*LARGE_FIELDS).select_related("cover"))


class PostNames(NamedTuple):
    """The byline of a post and its first tag ("" without any)."""

    byline: str
    tag: str


@dataclass(frozen=True, slots=True)
class PostAccess:
    """A post and what one viewer can do with it."""

    post: Post
    readable: bool
    editable: bool
    publishable: bool


def get_published_cards(now: datetime | None = None) -> PostQuerySet:
    """Return published posts with the columns of a card."""
    return Post.objects.published(now).defer(*LARGE_FIELDS).select_related("cover")


def get_journal_page(cursor: str, *, tag: Tag | None = None, author: User | None = None) -> Page[Post]:
    """Return a page of published posts, newest first, without author names. One query. Raises BadCursor."""
    posts = Post.objects.published().select_related("cover").only(*LIST_FIELDS)
    if tag is not None:
        posts = posts.filter(Exists(PostTag.objects.filter(post=OuterRef("pk"), tag=tag)))
    if author is not None:
        posts = posts.by_author(author)
    return keyset(posts, by=NEWEST_FIRST, cursor=cursor, size=PAGE_SIZE)


def get_post_names(posts: Iterable[Post]) -> dict[int, PostNames]:
    """Return the names on post cards by primary key. One query in raw SQL, because the ORM takes ten times as long."""
    keys = [post.pk for post in posts]
    with prepared() as cursor:
        cursor.execute(NAMES_SQL, [gettext("Customer"), keys])
        return {pk: PostNames(", ".join(authors), tag or "") for pk, authors, tag in cursor.fetchall()}


def get_post(slug: str, viewer: Grant, now: datetime | None = None) -> PostAccess | None:
    """Return a post the viewer can know about. One query; one more if the post is not public or needs an
    entitlement.
    """
    now = now or timezone.now()
    post = POST_BY_SLUG.first(slug=slug, now=now)
    if post is None and viewer.kind != "anonymous":
        post = Post.objects.visible_to(viewer, now).select_related("cover").filter(slug=slug).first()
    if post is None:
        return None
    return PostAccess(
        post=post,
        readable=access.can_read(post, viewer.actor, now),
        editable=access.can_edit(post, viewer.actor),
        publishable=access.can_publish(post, viewer.actor),
    )


def attach_authors_and_tags(post: Post) -> Post:
    """Load the authors and tags of a post. Two queries."""
    held: dict[str, QuerySet[Any]] = {"authorships": PostAuthor.objects.none(), "taggings": PostTag.objects.none()}
    held["authorships"]._result_cache = POST_AUTHORS(post=post.pk)  # noqa: SLF001  as prefetch_related does
    held["taggings"]._result_cache = POST_TAGS(post=post.pk)  # noqa: SLF001
    post._prefetched_objects_cache = held  # type: ignore[attr-defined]  # noqa: SLF001
    return post


def get_current_slug(slug: str) -> str | None:
    """Return the current slug of the post that had this one. One query."""
    return SlugRedirect.objects.filter(old_slug=slug).values_list("post__slug", flat=True).first()


def get_current_slugs(slugs: Iterable[str]) -> dict[str, str]:
    """Map old slugs among `slugs` to current ones. One query."""
    return dict(SlugRedirect.objects.filter(old_slug__in=list(slugs)).values_list("old_slug", "post__slug"))


def get_revision_impersonators(post: Post) -> dict[int, ImpersonationNames]:
    """Map revision numbers to the staff who saved them while impersonating the author, under all slugs of the post.

    At most two queries.
    """
    addresses = Q(subject_id=post.slug) | Q(subject_id__in=SlugRedirect.objects.filter(post=post).values("old_slug"))
    saved = Event.objects.filter(addresses, subject_kind=Post.public_kind, name__in=("post.created", "post.saved"))
    events = list(saved.exclude(impersonator_id=""))
    names = get_impersonation_names(events)
    return {event.data["revision"]: names[event.pk] for event in events if event.pk in names}


def get_autosave(post: Post, user: User | None) -> Revision | None:
    """Return this person's autosave if it is newer than the post and differs from it. One query."""
    newer = Revision.objects.filter(post=post, author=user, kind=Revision.Kind.AUTOSAVE, created_at__gt=post.updated_at)
    found = newer.first() if user is not None else None
    if found is None or found.body_source.replace("\r\n", "\n").strip() == post.body_source.strip():
        return None
    return found


def get_related_posts(post: Post) -> list[Post]:
    """Return other posts to read next: those that share most tags among the newest, then the newest. One query."""
    own, mine = post.pk, {tag.pk for tag in post.labels}
    others = [(pk, len(mine.intersection(tags))) for pk, tags in get_newest_tags() if pk != own]
    others.sort(key=itemgetter(1), reverse=True)  # which keeps the newest first
    keys = [pk for pk, _ in others[:MAX_RELATED]]
    return sorted(CARD_POSTS(keys=keys), key=lambda other: keys.index(other.pk))


@ttl_cache(key=lambda: ())
def get_newest_tags() -> list[tuple[int, list[int]]]:
    """Return the primary keys of the newest posts with those of their tags. Cached for a second."""
    return NEWEST_TAGS(now=timezone.now())


@ttl_cache(key=lambda limit=24: limit)
def get_tags_in_use(limit: int = 24) -> list[Tag]:
    """Return tags of published posts. One query, cached for a second."""
    shown = PostTag.objects.filter(tag=OuterRef("pk"), post__in=Post.objects.published())
    return list(Tag.objects.filter(Exists(shown)).order_by("name")[:limit])


def get_tag_by_slug(slug: str) -> Tag | None:
    """Return a tag by its slug or an alias, in any Unicode normalisation. One or two queries."""
    slug = unicodedata.normalize("NFC", slug)
    tag = Tag.objects.filter(slug=slug).first()
    if tag is not None:
        return tag
    alias = TagAlias.objects.select_related("tag").filter(slug=slug).first()
    return alias.tag if alias else None


def get_author(uid: UUID) -> User | None:
    """Return a user who has published posts. One query."""
    wrote = Post.objects.published().filter(authorships__user=OuterRef("pk"))
    return User.objects.select_related("avatar").filter(Exists(wrote), uid=uid).first()


def get_journal_version() -> datetime | None:
    """Return when published content last changed. One query on an index."""
    return Post.objects.order_by("-changed_at").values_list("changed_at", flat=True).first()


def get_feed_posts(limit: int = FEED_SIZE) -> list[Post]:
    """Return the newest posts with their texts. Three queries."""
    return list(Post.objects.published().with_names().order_by(*NEWEST_FIRST)[:limit])
