"""API endpoints for comments."""

from typing import ClassVar

import django_filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.moderation.spam import SubmissionContext
from blog.comments import services as commenting
from blog.comments.models import Comment, CommentQuerySet
from blog.comments.serializers import CommentCreateSerializer, CommentSerializer, ModerationSerializer
from blog.posts.models import Post
from core import rate_limits
from core.api.idempotency import idempotent
from core.api.permissions import grant_of
from core.api.viewsets import Problem, ReadViewSet
from core.errors import NotFound


class CommentFilter(django_filters.FilterSet):
    """Filter comments by post, status or author."""

    post = django_filters.CharFilter(field_name="post__slug")
    status = django_filters.ChoiceFilter(choices=Comment.Status.choices)
    author = django_filters.UUIDFilter(field_name="author__uid")


class CommentThrottle(BaseThrottle):
    """The page form's rate limit, counted together with it."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        self.verdict = rate_limits.hit(commenting.RATE_LIMIT, "comment", grant_of(request).actor.id)
        return self.verdict.allowed

    def wait(self) -> float:
        return self.verdict.reset_after


class CommentViewSet(ReadViewSet[Comment]):
    """Comments, oldest first: approved ones, the caller's own pending ones and, for moderators, all pending ones."""

    serializer_class = CommentSerializer
    filterset_class = CommentFilter
    lookup_field = "uid"
    lookup_value_converter = "uuid"
    program_scopes: ClassVar = {"GET": "blog:read"}
    required_scopes: ClassVar = {"POST": "blog:write", "DELETE": "blog:write"}
    ordering = ("id",)

    def get_queryset(self) -> CommentQuerySet:
        readable = Post.objects.readable_by(self.grant)
        shown = Comment.objects.visible_to(self.grant).filter(post__in=readable)
        return shown.select_related("author", "post", "parent").defer(
            "post__body_source", "post__body_html", "post__toc"
        )

    def get_throttles(self) -> list[BaseThrottle]:
        return [*super().get_throttles(), *([CommentThrottle()] if self.action == "create" else [])]

    @extend_schema(
        request=CommentCreateSerializer,
        responses={200: CommentSerializer, 201: CommentSerializer, 409: Problem, 422: Problem},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Create a comment. `status` in the response says whether it is approved or pending. Returns 200 instead of 201
        when a comment with this `uid` exists.
        """
        data = CommentCreateSerializer.parse(request)
        post = Post.objects.readable_by(self.grant).filter(slug=data.pop("post")).values_list("pk", flat=True).first()
        if post is None:
            raise NotFound(field="post")
        how = SubmissionContext(network=rate_limits.client_key(request._request))  # noqa: SLF001
        now = timezone.now()
        comment = commenting.add_comment(post_id=post, by=self.grant.actor, how=how, now=now, **data)
        return Response(CommentSerializer(comment).data, 201 if comment.created_at == now else 200)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, uid: str) -> Response:
        """Delete a comment: the caller's own, or any for moderators."""
        commenting.delete_comment(comment_id=self.get_object().pk, by=self.grant.actor)
        return Response(status=204)

    @extend_schema(request=ModerationSerializer, responses={201: CommentSerializer, 403: Problem})
    @action(detail=True, methods=["post"])
    def moderation(self, request: Request, uid: str) -> Response:
        """Approve a comment or mark it as spam."""
        decide = {"approve": commenting.approve_comment, "refuse": commenting.mark_comment_as_spam}
        comment = self.get_object()
        decide[ModerationSerializer.parse(request)["decision"]](comment_id=comment.pk, by=self.grant.actor)
        comment.refresh_from_db(fields=["status"])
        return Response(CommentSerializer(comment).data, 201)
