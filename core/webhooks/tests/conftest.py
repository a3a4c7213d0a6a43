"""What tests of webhooks start from."""

from typing import Any

import pytest

from core.context import Actor
from core.events import services as events
from core.testing import JustSignedIn
from core.webhooks.models import Webhook, WebhookDelivery
from core.webhooks.services import deliveries, endpoints

SYSTEM = Actor.system("test")


@pytest.fixture
def client() -> JustSignedIn:
    """A browser of staff who said just now who they are."""
    return JustSignedIn()


@pytest.fixture
def owner(db: None) -> Any:
    from accounts.permissions.models import Role
    from accounts.users.models import User

    user = User.objects.create_user("owner@example.com", "clay-and-fire", name="Olga Owner", is_staff=True)
    user.groups.add(Role.objects.get(slug="owner").group)
    return user


@pytest.fixture
def make_webhook(db: None) -> Any:
    """A webhook for an address, with the secret that its receiver knows as `webhook.known_secret`."""

    def make(url: str = "https://hooks.example/", wanted: tuple[str, ...] = ("*",), **more: Any) -> Webhook:
        made = endpoints.add_webhook(url=url, wanted=wanted, by=SYSTEM, **more)
        made.webhook.known_secret = made.secret
        return made.webhook

    return make


@pytest.fixture
def make_delivery(db: None) -> Any:
    """A delivery of an event to a webhook."""

    def make(webhook: Webhook, name: str = "order.paid", **data: Any) -> WebhookDelivery:
        event = events.record(name, ("order", "A1"), by=SYSTEM, **data)
        deliveries.spread(event)
        return WebhookDelivery.objects.get(webhook=webhook, event=event)

    return make
