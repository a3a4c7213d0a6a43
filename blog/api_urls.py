"""API routes of the journal."""

from typing import Any

from blog.comments.viewsets import CommentViewSet
from blog.posts.viewsets import PostViewSet
from blog.tags.viewsets import TagViewSet

routes: list[tuple[str, Any, str]] = [
    ("posts", PostViewSet, "post"),
    ("comments", CommentViewSet, "comment"),
    ("tags", TagViewSet, "tag"),
]
