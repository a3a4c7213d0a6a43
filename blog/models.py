"""The models of this app, collected for Django."""

from blog.comments.models import Comment
from blog.posts.models import Post, PostAuthor, Revision, SlugRedirect
from blog.tags.models import PostTag, Tag, TagAlias

__all__ = ["Comment", "Post", "PostAuthor", "PostTag", "Revision", "SlugRedirect", "Tag", "TagAlias"]
