"""What all apps stand on: the event log, its deliveries, and the tables apps meet in."""

from core.models.events import Event, EventDelivery, EventOrigin
from core.models.idempotency import IdempotencyKey
from core.models.meeting import Reference, SearchDocument
from core.models.pages import Fact, HomeBlock, TextPage
from core.models.picture import Picture, picture_name
from core.models.search_word import SearchWord
from core.models.webhooks import Webhook, WebhookAttempt, WebhookDelivery

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
