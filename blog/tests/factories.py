"""Factories for journal tests. Posts are created by the services."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db import connection
from PIL import Image as PIL_Image

from accounts.users.models import User
from blog.comments import services as commenting
from blog.comments.models import Comment
from blog.posts.models import Post, PostAuthor
from blog.posts.services import publishing, writing
from blog.tags.models import PostTag
from core.content.models import Picture
from core.content.services.pictures import add_picture
from core.context import Actor

SYSTEM = Actor.system("test")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

_numbers = count(1)


def person(name: str = "", *permissions: str, **fields: Any) -> User:
    """A user with permissions such as "blog.publish_post"."""
    number = next(_numbers)
    user = User.objects.create_user(f"person{number}@example.com", "clay", name=name or f"Person {number}", **fields)
    if permissions:
        group = Group.objects.create(name=f"Role of person {number}")
        user.groups.add(group)
    for permission in permissions:
        app, codename = permission.split(".")
        group.permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return User.objects.get(pk=user.pk)


def writer(**fields: Any) -> User:
    return person("Wilma Writer", "blog.add_post", "blog.change_post", **fields)


def editor(**fields: Any) -> User:
    rights = ("add_post", "change_post", "publish_post", "edit_any_post", "moderate_comment")
    return person("Edith Editor", *(f"blog.{right}" for right in rights), **fields)


def draft(author: User | None = None, **fields: Any) -> Post:
    fields.setdefault("title", f"On glazes {next(_numbers)}")
    fields.setdefault("body", "A glaze is a kind of glass.\n")
    fields.setdefault("excerpt", "What a glaze is.")
    return writing.create_post(by=SYSTEM, authors=[author or writer()], now=NOON, **fields)


def published(author: User | None = None, *, at: datetime = NOON, **fields: Any) -> Post:
    return publishing.publish_post(post_id=draft(author, **fields).pk, by=SYSTEM, now=at)


def scheduled(author: User | None = None, *, at: datetime, **fields: Any) -> Post:
    post = draft(author, **fields)
    return publishing.schedule_post(post_id=post.pk, publish_at=at, by=SYSTEM, now=at - timedelta(days=1))


def comment(post: Post, author: User | None = None, *, parent: Comment | None = None, **fields: Any) -> Comment:
    """An approved comment."""
    said = commenting.add_comment(
        post_id=post.pk,
        body=fields.pop("body", "How long does it take?"),
        by=Actor.person(author or person()),
        parent=parent.uid if parent else None,
        **fields,
    )
    commenting.approve_comment(comment_id=said.pk, by=SYSTEM)
    said.refresh_from_db()
    return said


def picture(alt: str = "A bowl on a wheel", size: tuple[int, int] = (60, 40)) -> Picture:
    upload = BytesIO()
    PIL_Image.new("RGB", size, (next(_numbers) % 200, 90, 40)).save(upload, "PNG")
    upload.seek(0)
    return add_picture(upload=upload, by=SYSTEM, alt=alt)


def many_published(number: int) -> list[Post]:
    """Create published posts with cover, authors and tags, one minute apart, by direct inserts."""
    pattern = published(writer(), tags=["Ash", "Kiln"], cover=picture())
    authors, tags = [pattern.bylines[0], writer()], pattern.labels
    posts = Post.objects.bulk_create(
        Post(
            title=f"Post {place:03}",
            slug=f"post-{place:03}",
            status=Post.Status.PUBLISHED,
            published_at=NOON + timedelta(minutes=place),
            first_published_at=NOON + timedelta(minutes=place),
            cover=pattern.cover,
            body_html=pattern.body_html,
            render_version=pattern.render_version,
        )
        for place in range(1, number)
    )
    PostAuthor.objects.bulk_create(PostAuthor(post=post, user=authors[post.pk % 2], position=0) for post in posts)
    PostTag.objects.bulk_create(
        PostTag(post=post, tag=tag, position=place) for post in posts for place, tag in enumerate(tags)
    )
    return [pattern, *posts]


def many_comments(post: Post, number: int, **fields: Any) -> None:
    """Create comments by different users in threads of four, by direct inserts."""
    people = User.objects.bulk_create(User(email=f"reader{n}@example.com", name=f"Reader {n}") for n in range(number))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('blog_comment', 'id')) FROM generate_series(1, %s)", [number]
        )
        keys = [key for (key,) in cursor.fetchall()]
    path, comments = [], []
    for key, author in zip(keys, people, strict=True):
        path = [*path, key] if len(path) % 4 else [key]
        row = {"status": "approved", "body_source": "Hm.", "body_html": "<p>Hm.</p>", **fields}
        comments.append(
            Comment(pk=key, post=post, author=author, path=path, parent_id=(path[-2:-1] or [None])[0], **row)
        )
    Comment.objects.bulk_create(comments)
