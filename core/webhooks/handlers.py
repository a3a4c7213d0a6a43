"""Every event is offered to every webhook; when one switches itself off, staff hear of it."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_backends
from django.urls import reverse

from core.events import services as events
from core.events.models import Event
from core.mail import services as mail
from core.webhooks.models import Webhook
from core.webhooks.services import deliveries


@events.on("*", outside=True)  # quiet events, which are history being loaded, are for nobody outside
def offer_to_webhooks(event: Event, key: str) -> None:
    deliveries.spread(event)


@events.on("webhook.disabled", outside=True)
def tell_staff_of_disabled_webhook(event: Event, key: str) -> None:
    """A mail to each who may switch it on again; none when one of them switched it off."""
    webhook = Webhook.objects.filter(uid=event.subject_id).first()
    if webhook is None or event.data["reason"] == Webhook.Reason.BY_HAND:
        return
    values: dict[str, Any] = {
        "webhook": webhook,
        "reason": Webhook.Reason(event.data["reason"]).label,
        "url": settings.SITE_URL + reverse("admin:core_webhook_change", args=[webhook.pk]),
    }
    for person in _who_may_change_webhooks():
        mail.send("webhook_disabled", to=person.email, key=f"{key}:{person.uid}", values=values)


def _who_may_change_webhooks() -> list[Any]:
    backend: Any = get_backends()[0]
    return list(backend.with_perm("core.change_webhook").filter(is_staff=True).order_by("pk"))
