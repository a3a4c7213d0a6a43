"""The journal for programs."""

from typing import Any

from blog.api.comments import CommentViewSet
from blog.api.posts import PostViewSet
from blog.api.tags import TagViewSet

routes: list[tuple[str, Any, str]] = [
    ("posts", PostViewSet, "post"),
    ("comments", CommentViewSet, "comment"),
    ("tags", TagViewSet, "tag"),
]
