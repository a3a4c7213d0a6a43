"""Serializers for posts."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.users.models import User
from blog.posts import access
from blog.posts.models import Post
from blog.posts.services import revisions
from blog.tags.serializers import TagSerializer
from core.api.fields import ReferenceOut, TimeField, UrlField
from core.api.permissions import grant_of
from core.api.viewsets import In, Problem
from core.content import markdown
from core.content.models import Picture


class AuthorSerializer(serializers.Serializer[User]):
    uid = serializers.UUIDField()
    name = serializers.CharField(source="display_name")


class ImageSerializer(serializers.Serializer[Any]):
    url = UrlField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    alt = serializers.CharField()


class HeadingSerializer(serializers.Serializer[Any]):
    level = serializers.IntegerField()
    anchor = serializers.CharField(source="id", help_text="The element id in `body_html`.")
    text = serializers.CharField()


class PostSerializer(serializers.Serializer[Post]):
    """A post in a list."""

    uid = serializers.UUIDField()
    slug = serializers.CharField()
    title = serializers.CharField()
    excerpt = serializers.CharField()
    url = UrlField(source="get_absolute_url")
    status = serializers.ChoiceField(Post.Status.choices)
    visibility = serializers.ChoiceField(Post.Visibility.choices)
    authors = AuthorSerializer(many=True, source="bylines")
    tags = TagSerializer(many=True, source="labels")
    cover = ImageSerializer(source="cover.image", default=None, allow_null=True)
    word_count = serializers.IntegerField()
    comment_count = serializers.IntegerField()
    publish_at = TimeField(allow_null=True)
    published_at = TimeField(allow_null=True)
    updated_at = TimeField()
    lock_version = serializers.IntegerField()


class PostDetailSerializer(PostSerializer):
    """A post with its text. `body_html` is null for callers who cannot read it; `body`, the Markdown, for callers who
    cannot edit it.
    """

    body_html = serializers.SerializerMethodField()
    body = serializers.SerializerMethodField()
    toc = serializers.SerializerMethodField()
    references = serializers.SerializerMethodField(
        help_text='The objects the text embeds. Each one is `<div data-card="kind:id">` in `body_html`.'
    )
    seo_description = serializers.CharField()
    comments_mode = serializers.ChoiceField(Post.Moderation.choices)
    comments_closed = serializers.BooleanField()
    entitlement_kind = serializers.CharField()
    entitlement_subject = serializers.CharField()

    def to_representation(self, instance: Post) -> dict[str, Any]:
        actor = grant_of(self.context["request"]).actor
        self.readable, self.editable = access.can_read(instance, actor), access.can_edit(instance, actor)
        return super().to_representation(instance)

    def get_body_html(self, post: Post) -> str | None:
        return post.body_html if self.readable else None

    def get_body(self, post: Post) -> str | None:
        return post.body_source if self.editable else None

    @extend_schema_field(HeadingSerializer(many=True))
    def get_toc(self, post: Post) -> list[dict[str, Any]]:
        return list(HeadingSerializer(post.toc, many=True).data) if self.readable else []

    @extend_schema_field(ReferenceOut(many=True))
    def get_references(self, post: Post) -> list[dict[str, str]]:
        named = dict.fromkeys(markdown.CARD_MARK.findall(post.body_html)) if self.readable else {}
        return [{"kind": kind, "id": public_id} for kind, public_id in named]


class PostCreateSerializer(In):
    """A post to create."""

    title = serializers.CharField(max_length=revisions.MAX_LENGTHS["title"])
    slug = serializers.CharField(max_length=80, required=False)
    excerpt = serializers.CharField(max_length=revisions.MAX_LENGTHS["excerpt"], required=False, allow_blank=True)
    body = serializers.CharField(
        max_length=revisions.MAX_LENGTHS["body"],
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="Markdown with `:::product SKU` … `:::` and `:::gallery` … `:::`.",
    )
    tags = serializers.ListField(
        child=serializers.CharField(max_length=60), required=False, help_text="Names, in order."
    )
    authors = serializers.SlugRelatedField(
        slug_field="uid", queryset=User.objects.filter(is_active=True), many=True, required=False
    )
    cover = serializers.SlugRelatedField(
        slug_field="uid", queryset=Picture.objects.all(), required=False, allow_null=True, help_text="A picture's uid."
    )
    seo_description = serializers.CharField(
        max_length=revisions.MAX_LENGTHS["seo_description"], required=False, allow_blank=True
    )
    visibility = serializers.ChoiceField(Post.Visibility.choices, required=False)
    entitlement_kind = serializers.CharField(max_length=40, required=False, allow_blank=True)
    entitlement_subject = serializers.CharField(max_length=80, required=False, allow_blank=True)
    comments_mode = serializers.ChoiceField(Post.Moderation.choices, required=False)
    comments_closed = serializers.BooleanField(required=False)


class PostUpdateSerializer(PostCreateSerializer):
    """Changes to a post. Omitted fields stay unchanged. `If-Match` or `lock_version` names the version that was
    read.
    """

    title = serializers.CharField(max_length=revisions.MAX_LENGTHS["title"], required=False)
    lock_version = serializers.IntegerField(min_value=1, required=False)


class PublicationSerializer(In):
    publish_at = TimeField(required=False, help_text="Leave it out to publish now.")


class TextSerializer(serializers.Serializer[Any]):
    """The text of a post in a conflict."""

    title = serializers.CharField(required=False)
    excerpt = serializers.CharField(required=False)
    body = serializers.CharField(required=False)
    lock_version = serializers.IntegerField(required=False)


class EditConflictProblem(Problem):
    """The submitted and the saved text, to merge and submit again with the new `lock_version`."""

    yours = TextSerializer()
    theirs = TextSerializer()
