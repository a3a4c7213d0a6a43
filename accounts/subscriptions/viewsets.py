"""Email subscriptions in the API."""

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
    """A topic: `newsletter`, `thread:` and a post's uid, `stock:` and a SKU."""

    topic = serializers.CharField(max_length=120)


class SubscriptionCreateSerializer(TopicSubscribeSerializer):
    """An email address and a topic."""

    email = EmailField(max_length=254)


class SubscriptionRequestedSerializer(serializers.Serializer[Any]):
    """The same for every address."""

    state = serializers.ChoiceField(choices=[("asked", "asked")])


class SubscriptionSerializer(serializers.Serializer[Subscription]):
    """A subscription, active or ended."""

    uid = serializers.UUIDField()
    topic = serializers.CharField()
    email = serializers.EmailField()
    state = serializers.ChoiceField(choices=Subscription.State.choices)
    created_at = TimeField()
    confirmed_at = TimeField(allow_null=True)
    ended_at = TimeField(allow_null=True)


class MySubscriptionViewSet(ReadViewSet[Subscription]):
    """The subscriptions of the authenticated person, newest first."""

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
        """Subscribe my email address to a topic. 202 when the address is not verified and gets a confirmation email."""
        user, topic = cast("User", self.grant.user), TopicSubscribeSerializer.parse(request)["topic"]
        if not subscriptions.subscribe(email=user.email, topic=topic, viewer=self.grant, source="api"):
            return Response({"state": "asked"}, 202)
        return Response(SubscriptionSerializer(Subscription.objects.get(email=user.email, topic=topic)).data, 201)

    @extend_schema(responses={204: None, 404: Problem})
    def destroy(self, request: Request, uid: str) -> Response:
        """Unsubscribe from a topic."""
        subscriptions.unsubscribe(subscription_id=self.get_object().pk, by=self.grant.actor)
        return Response(status=204)


class SubscribeViewSet(GrantedViewMixin, viewsets.ViewSet):
    """Subscribe an email address."""

    serializer_class = SubscriptionRequestedSerializer
    program_scopes: ClassVar = {"POST": "account:write"}

    @extend_schema(
        request=SubscriptionCreateSerializer,
        responses={202: SubscriptionRequestedSerializer, 404: Problem, 429: Problem},
    )
    def create(self, request: Request) -> Response:
        """Send a confirmation email, within limits; the response is always the same."""
        given = SubscriptionCreateSerializer.parse(request)
        rate_limits.require(RATE, "letters", rate_limits.client_key(request._request))  # noqa: SLF001
        subscriptions.subscribe(email=given["email"], topic=given["topic"], viewer=self.grant, source="api")
        return Response({"state": "asked"}, 202)
