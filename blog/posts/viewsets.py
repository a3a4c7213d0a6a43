"""API endpoints for posts."""

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.db.models import Exists, OuterRef
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from blog.posts import queries
from blog.posts.models import Post, PostAuthor, PostQuerySet
from blog.posts.serializers import (
    EditConflictProblem,
    PostCreateSerializer,
    PostDetailSerializer,
    PostSerializer,
    PostUpdateSerializer,
    PublicationSerializer,
)
from blog.posts.services import publishing, writing
from blog.tags.models import PostTag
from core.api import conditional
from core.api.idempotency import idempotent
from core.api.problems import CONTENT_TYPE, problem
from core.api.viewsets import NothingIn, Problem, ReadViewSet

PUBLISHED = Post.Status.PUBLISHED


class PostFilter(django_filters.FilterSet):
    """Lists contain published posts unless `status` is given."""

    status = django_filters.ChoiceFilter(choices=Post.Status.choices, method="of_status")
    tag = django_filters.CharFilter(method="with_tag")
    author = django_filters.UUIDFilter(method="by_author")

    def of_status(self, posts: PostQuerySet, name: str, value: str) -> PostQuerySet:
        return posts.filter(status=value)

    def with_tag(self, posts: PostQuerySet, name: str, value: str) -> PostQuerySet:
        return posts.filter(Exists(PostTag.objects.filter(post=OuterRef("pk"), tag__slug=value)))

    def by_author(self, posts: PostQuerySet, name: str, value: str) -> PostQuerySet:
        return posts.filter(Exists(PostAuthor.objects.filter(post=OuterRef("pk"), user__uid=value)))


class PostViewSet(ReadViewSet[Post]):
    """Posts. Anonymous callers see published ones; authors and editors also those they work on."""

    serializer_class = PostDetailSerializer
    filterset_class = PostFilter
    lookup_field = "slug"
    version_field = "lock_version"
    program_scopes: ClassVar = {"GET": "blog:read"}
    required_scopes: ClassVar = {"POST": "blog:write", "PATCH": "blog:write", "DELETE": "blog:write"}

    @property
    def ordering(self) -> Sequence[str]:  # type: ignore[override]
        """Only published posts have a publication date to order by."""
        return queries.NEWEST_FIRST if self._lists_published() else ("-id",)

    @property
    def ordering_fields(self) -> Sequence[str]:  # type: ignore[override]
        return ("published_at", "updated_at", "title") if self._lists_published() else ("updated_at", "title")

    def get_queryset(self) -> PostQuerySet:
        visible = Post.objects.visible_to(self.grant)
        if self.action != "list":
            return visible.with_names()
        return visible.for_lists() if "status" in self.request.query_params else visible.for_lists().published()

    def get_serializer_class(self) -> type[BaseSerializer[Post]]:
        return PostSerializer if self.action == "list" else PostDetailSerializer

    def get_object(self) -> Post:
        """Return the post by its slug or a former one."""
        try:
            return super().get_object()
        except Http404:
            moved = queries.get_current_slug(self.kwargs["slug"])
            if moved is None:
                raise
            self.kwargs["slug"] = moved
            return super().get_object()

    @extend_schema(request=PostCreateSerializer, responses={201: PostDetailSerializer, 422: Problem})
    @idempotent
    def create(self, request: Request) -> Response:
        """Create a draft."""
        post = writing.create_post(by=self.grant.actor, **PostCreateSerializer.parse(request))
        return self._answer(post, 201)

    @extend_schema(
        request=PostUpdateSerializer,
        responses={200: PostDetailSerializer, 409: EditConflictProblem, 412: EditConflictProblem, 422: Problem},
    )
    def partial_update(self, request: Request, slug: str) -> Response:
        """Save fields over the version named by `If-Match` or `lock_version`."""
        data = PostUpdateSerializer.parse(request)
        key = self.get_object().pk
        matched = conditional.expected_version(request)
        if matched is None and "lock_version" not in data:
            raise conditional.ConditionMissing
        if matched is not None:
            data["lock_version"] = None if matched is conditional.ANY else matched
        try:
            post = writing.save_post(post_id=key, by=self.grant.actor, **data)
        except writing.EditConflict as conflict:
            return _conflict_response(conflict, conflict.status if matched is None else conditional.Stale.status)
        return self._answer(post)

    @extend_schema(request=None, responses={201: PostDetailSerializer, 409: Problem})
    @action(detail=True, methods=["post"])
    def submission(self, request: Request, slug: str) -> Response:
        """Submit a draft for review."""
        NothingIn.parse(request)
        return self._answer(writing.submit_post(post_id=self.get_object().pk, by=self.grant.actor), 201)

    @extend_schema(request=PublicationSerializer, responses={201: PostDetailSerializer, 409: Problem, 422: Problem})
    @action(detail=True, methods=["post"])
    @idempotent
    def publication(self, request: Request, slug: str) -> Response:
        """Publish a post now, or schedule it."""
        data, key, by = PublicationSerializer.parse(request), self.get_object().pk, self.grant.actor
        if "publish_at" in data:
            return self._answer(publishing.schedule_post(post_id=key, publish_at=data["publish_at"], by=by), 201)
        return self._answer(publishing.publish_post(post_id=key, by=by), 201)

    @extend_schema(responses={204: None})
    @publication.mapping.delete
    def end_publication(self, request: Request, slug: str) -> Response:
        """Archive a post."""
        publishing.archive_post(post_id=self.get_object().pk, by=self.grant.actor)
        return Response(status=204)

    def _answer(self, post: Post, status: int = 200) -> Response:
        read = Post.objects.with_names().get(pk=post.pk)
        return Response(PostDetailSerializer(read, context=self.get_serializer_context()).data, status)

    def _lists_published(self) -> bool:
        return self.request.query_params.get("status", PUBLISHED) == PUBLISHED


def _conflict_response(conflict: writing.EditConflict, status: int) -> Response:
    texts: dict[str, Any] = {
        "yours": {
            name: value for name, value in conflict.details["yours"].items() if name in ("title", "excerpt", "body")
        },
        "theirs": conflict.details["theirs"],
    }
    response = Response(problem(status, conflict.code, conflict.detail, **texts), status)
    response.content_type = CONTENT_TYPE
    return response
