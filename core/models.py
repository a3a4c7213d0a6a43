"""The tables of this app, collected for Django."""

from core.api.models import IdempotencyKey
from core.composition.models import Reference
from core.content.models import Fact, HomeBlock, Picture, TextPage, picture_name
from core.events.models import Event, EventDelivery, EventOrigin
from core.search.models import SearchDocument, SearchWord
from core.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery

__all__ = [
    "Event",
    "EventDelivery",
    "EventOrigin",
    "Fact",
    "HomeBlock",
    "IdempotencyKey",
    "Picture",
    "Reference",
    "SearchDocument",
    "SearchWord",
    "TextPage",
    "Webhook",
    "WebhookAttempt",
    "WebhookDelivery",
    "picture_name",
]
