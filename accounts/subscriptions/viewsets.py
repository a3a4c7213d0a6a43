"""Letters for programs: one's own topics, and the question to an address."""

from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.subscriptions.models import Subscription
from accounts.subscriptions.services import subscriptions
from accounts.users.models import User
from core import rate_limits
from core.api.fields import EmailField, TimeField
from core.api.viewsets import GrantedViewMixin, In, Problem, ReadViewSet

RATE = "10/hour"


class TopicSubscribeSerializer(In):
    """What to follow: `newsletter`, `thread:` and a post's uid, `stock:` and a SKU."""

    topic = serializers.CharField(max_length=120)


class SubscriptionCreateSerializer(TopicSubscribeSerializer):
    """An address that wants letters about a topic."""

    email = EmailField(max_length=254)


class SubscriptionRequestedSerializer(serializers.Serializer[Any]):
    """The same for every address."""

    state = serializers.ChoiceField(choices=[("asked", "asked")])


class SubscriptionSerializer(serializers.Serializer[Subscription]):
    """A topic that one follows, or followed."""

    uid = serializers.UUIDField()
    topic = serializers.CharField()
    email = serializers.EmailField()
    state = serializers.ChoiceField(choices=Subscription.State.choices)
    created_at = TimeField()
    confirmed_at = TimeField(allow_null=True)
    ended_at = TimeField(allow_null=True)


class MySubscriptionViewSet(ReadViewSet[Subscription]):
    """What the person who asks is written to about, newest first."""

    serializer_class = SubscriptionSerializer
    required_scopes: ClassVar = {"GET": "account:read", "POST": "account:write", "DELETE": "account:write"}
    lookup_field = "uid"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Subscription]:
        user = self.grant.user
        return Subscription.objects.none() if user is None else Subscription.objects.of(user)

    @extend_schema(
        request=TopicSubscribeSerializer,
        responses={201: SubscriptionSerializer, 202: SubscriptionRequestedSerializer, 404: Problem},
    )
    def create(self, request: Request) -> Response:
        """Follow a topic at one's own address. 202 when that is not verified, and is asked first."""
        user, topic = cast("User", self.grant.user), TopicSubscribeSerializer.parse(request)["topic"]
        if not subscriptions.subscribe(email=user.email, topic=topic, viewer=self.grant, source="api"):
            return Response({"state": "asked"}, 202)
        return Response(SubscriptionSerializer(Subscription.objects.get(email=user.email, topic=topic)).data, 201)

    @extend_schema(responses={204: None, 404: Problem})
    def destroy(self, request: Request, uid: str) -> Response:
        """Want no more letters about it."""
        subscriptions.unsubscribe(subscription_id=self.get_object().pk, by=self.grant.actor)
        return Response(status=204)


class SubscribeViewSet(GrantedViewMixin, viewsets.ViewSet):
    """Ask an address whether it wants letters."""

    serializer_class = SubscriptionRequestedSerializer
    program_scopes: ClassVar = {"POST": "account:write"}

    @extend_schema(
        request=SubscriptionCreateSerializer,
        responses={202: SubscriptionRequestedSerializer, 404: Problem, 429: Problem},
    )
    def create(self, request: Request) -> Response:
        """The address is asked by mail, now and then at most; the answer here is always the same."""
        given = SubscriptionCreateSerializer.parse(request)
        rate_limits.require(RATE, "letters", rate_limits.client_key(request._request))  # noqa: SLF001
        subscriptions.subscribe(email=given["email"], topic=given["topic"], viewer=self.grant, source="api")
        return Response({"state": "asked"}, 202)
