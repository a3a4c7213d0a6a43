"""Webhooks for programs: keep one's own addresses, read what was sent, ask for it again."""

from typing import Any, ClassVar, cast

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.fields import TimeField
from core.api.idempotency import idempotent
from core.api.viewsets import In, NothingIn, Problem, ReadViewSet
from core.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from core.webhooks.services import deliveries, endpoints

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
OF_WEBHOOK = OpenApiParameter("webhook_uid", str, OpenApiParameter.PATH, description="The webhook's id.")
WRITES = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem}


class WebhookIn(In):
    """An address, and the events it wants: names such as `order.paid`, kinds such as `order.*`, or `*` for all."""

    url = serializers.CharField(max_length=500)
    events = serializers.ListField(child=serializers.CharField(max_length=80), min_length=1, max_length=100)
    description = serializers.CharField(max_length=200, allow_blank=True, default="")


class WebhookChangeIn(In):
    """What may be changed; what is left out stays."""

    url = serializers.CharField(max_length=500, required=False)
    events = serializers.ListField(
        child=serializers.CharField(max_length=80), min_length=1, max_length=100, required=False
    )
    description = serializers.CharField(max_length=200, allow_blank=True, required=False)
    enabled = serializers.BooleanField(required=False)


class WebhookOut(serializers.Serializer[Webhook]):
    """An address that is told of events."""

    uid = serializers.UUIDField()
    url = serializers.URLField()
    description = serializers.CharField()
    events = serializers.ListField(child=serializers.CharField())
    enabled = serializers.BooleanField()
    disabled_at = TimeField(allow_null=True)
    disabled_reason = serializers.ChoiceField(choices=Webhook.Reason.choices, allow_blank=True)
    failing_since = TimeField(allow_null=True, help_text="Since when every attempt has failed.")
    created_at = TimeField()


class WebhookWithSecretOut(serializers.Serializer[endpoints.WithSecret]):
    """A webhook and its new secret, which is never shown again."""

    webhook = WebhookOut()
    secret = serializers.CharField(help_text="Begins with `whsec_`.")


class WebhookDeliveryOut(serializers.Serializer[WebhookDelivery]):
    """An event on its way to an address. `event` is also the `webhook-id` of each attempt."""

    uid = serializers.UUIDField()
    event = serializers.UUIDField(source="event.uid")
    type = serializers.CharField(source="event.name")
    state = serializers.ChoiceField(choices=WebhookDelivery.State.choices)
    attempts = serializers.IntegerField(help_text="Since it was made, or asked for again.")
    next_at = TimeField(help_text="When the next attempt is due, while it waits.")
    created_at = TimeField()
    done_at = TimeField(allow_null=True)


class WebhookAttemptOut(serializers.Serializer[WebhookAttempt]):
    """One try: the receiver's status and the beginning of its answer, or why nothing came."""

    at = TimeField()
    ms = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    answer = serializers.CharField(allow_blank=True)


class WebhookViewSet(ReadViewSet[Webhook]):
    """The addresses that are told of events."""

    serializer_class = WebhookOut
    required_permission = "core.view_webhook"
    required_scopes: ClassVar = dict.fromkeys(("GET", "POST", "PATCH", "DELETE"), "webhooks:manage")
    lookup_field = "uid"
    lookup_value_regex = UUID

    def get_queryset(self) -> QuerySet[Webhook]:
        return endpoints.visible_to(self.grant)  # scoping is the authorisation

    @extend_schema(request=WebhookIn, responses={201: WebhookWithSecretOut, **WRITES})
    def create(self, request: Request) -> Response:
        """Add an address. The answer holds its secret, so no `Idempotency-Key` keeps it."""
        asked = WebhookIn.parse(request)
        made = endpoints.add_webhook(
            url=asked["url"], wanted=asked["events"], description=asked["description"], by=self.grant.actor
        )
        return Response(WebhookWithSecretOut(made).data, status=201)

    @extend_schema(request=WebhookChangeIn, responses={200: WebhookOut, **WRITES})
    def partial_update(self, request: Request, uid: str) -> Response:
        """Change what is named, or switch it off and on: all of it, or nothing when one part is refused."""
        asked = WebhookChangeIn.parse(request)
        webhook_id, by = self.get_object().pk, self.grant.actor
        with transaction.atomic():
            if "enabled" in asked:
                endpoints.switch_webhook(webhook_id=webhook_id, on=asked.pop("enabled"), by=by)
            changed = endpoints.change_webhook(webhook_id=webhook_id, by=by, **cast("endpoints.Change", asked))
        return Response(WebhookOut(changed).data)

    @extend_schema(responses={204: None, 401: Problem, 403: Problem, 404: Problem})
    def destroy(self, request: Request, uid: str) -> Response:
        """Remove an address and its log."""
        endpoints.remove_webhook(webhook_id=self.get_object().pk, by=self.grant.actor)
        return Response(status=204)

    @extend_schema(request=None, responses={201: WebhookWithSecretOut, 401: Problem, 403: Problem, 404: Problem})
    @action(detail=True, methods=["post"], filter_backends=[])
    def secrets(self, request: Request, uid: str) -> Response:
        """Give it a new secret; the former one signs too for a day."""
        NothingIn.parse(request)
        made = endpoints.rotate_secret(webhook_id=self.get_object().pk, by=self.grant.actor)
        return Response(WebhookWithSecretOut(made).data, status=201)

    @extend_schema(request=None, responses={202: WebhookDeliveryOut, **WRITES})
    @action(detail=True, methods=["post"], filter_backends=[])
    @idempotent
    def tests(self, request: Request, uid: str) -> Response:
        """Send it an event that means nothing."""
        NothingIn.parse(request)
        delivery = endpoints.send_test(webhook_id=self.get_object().pk, by=self.grant.actor)
        return Response(WebhookDeliveryOut(delivery).data, status=202)


@extend_schema(parameters=[OF_WEBHOOK])
class WebhookDeliveryViewSet(ReadViewSet[WebhookDelivery]):
    """What was sent to a webhook, or will be, newest first."""

    serializer_class = WebhookDeliveryOut
    required_permission = "core.view_webhookdelivery"
    required_scopes: ClassVar = {"GET": "webhooks:manage", "POST": "webhooks:manage"}
    lookup_field = "uid"
    lookup_value_regex = UUID
    filterset_fields: ClassVar = ("state",)

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        if getattr(self, "swagger_fake_view", False):
            return WebhookDelivery.objects.none()
        webhook = get_object_or_404(endpoints.visible_to(self.grant), uid=self.kwargs["webhook_uid"])
        return deliveries.visible_to(self.grant).filter(webhook=webhook)

    @extend_schema(parameters=[OF_WEBHOOK], responses={200: WebhookAttemptOut(many=True), 404: Problem})
    @action(detail=True, methods=["get"], filter_backends=[], is_list=True, serializer_class=WebhookAttemptOut)
    def attempts(self, request: Request, webhook_uid: str, uid: str) -> Response:
        """Each attempt and what came of it, newest first."""
        tries: Any = self.get_object().tries.all()
        page: Any = self.paginate_queryset(tries)
        return self.get_paginated_response(WebhookAttemptOut(page, many=True).data)

    @extend_schema(parameters=[OF_WEBHOOK], request=None, responses={202: WebhookDeliveryOut, **WRITES})
    @attempts.mapping.post
    @idempotent
    def ask_again(self, request: Request, webhook_uid: str, uid: str) -> Response:
        """Send it again, under the same `webhook-id`."""
        NothingIn.parse(request)
        delivery = deliveries.replay(delivery_id=self.get_object().pk, by=self.grant.actor)
        return Response(WebhookDeliveryOut(delivery).data, status=202)


routes: list[tuple[str, Any, str]] = [
    ("webhooks", WebhookViewSet, "webhook"),
    (f"webhooks/(?P<webhook_uid>{UUID})/deliveries", WebhookDeliveryViewSet, "webhook-delivery"),
]
