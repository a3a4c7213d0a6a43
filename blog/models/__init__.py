"""What the journal keeps."""

from blog.models.comment import Comment
from blog.models.post import Post, PostAuthor, SlugRedirect
from blog.models.revision import Revision
from blog.models.tag import PostTag, Tag, TagAlias

__all__ = ["Comment", "Post", "PostAuthor", "PostTag", "Revision", "SlugRedirect", "Tag", "TagAlias"]
