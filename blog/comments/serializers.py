"""Comments in the API."""

from rest_framework import serializers

from blog.comments import services as commenting
from blog.comments.models import Comment
from blog.posts.serializers import AuthorSerializer
from core.api.fields import TimeField
from core.api.viewsets import In


class CommentSerializer(serializers.Serializer[Comment]):
    uid = serializers.UUIDField()
    post = serializers.CharField(source="post.slug")
    parent = serializers.UUIDField(source="parent.uid", default=None, allow_null=True)  # type: ignore[assignment]
    author = AuthorSerializer(allow_null=True)
    name = serializers.CharField(source="byline")
    status = serializers.ChoiceField(Comment.Status.choices)
    depth = serializers.IntegerField()
    body = serializers.CharField(source="body_source")
    body_html = serializers.CharField()
    created_at = TimeField()
    edited_at = TimeField(allow_null=True)


class CommentCreateSerializer(In):
    """A comment to create."""

    post = serializers.CharField(max_length=80, help_text="The post's slug.")
    body = serializers.CharField(max_length=commenting.MAX_COMMENT_LENGTH)
    parent = serializers.UUIDField(required=False, allow_null=True, help_text="The comment this replies to.")  # type: ignore[assignment]
    uid = serializers.UUIDField(required=False, help_text="Your own id: the same comment sent twice is one comment.")


class ModerationSerializer(In):
    decision = serializers.ChoiceField([("approve", "Show it"), ("refuse", "It is spam")])
