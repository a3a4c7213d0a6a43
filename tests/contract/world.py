"""What the API is tried on: a little of everything, with the ids by which each address finds it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.api_keys import services as api_keys
from accounts.bans import services as bans
from accounts.data_requests.services import exports
from accounts.moderation.services import cases
from accounts.subscriptions.models import Subscription
from accounts.subscriptions.services import subscriptions
from accounts.users.models import Closing, User
from blog.tests import factories as journal
from chat.tests import factories as talk
from core import testing
from core.context import Actor, Grant
from core.events import services as events
from core.webhooks.models import WebhookAttempt
from core.webhooks.services import endpoints
from shop.cart import services as cart
from shop.order_management.services import fulfilment
from shop.payments.services import refunds
from shop.reviews import services as reviews
from shop.stock.models import StockLevel
from shop.tests import factories as shop
from tests.contract.calling import headers_of

SKU = "BOWL-CEL-M"
PRINCIPALS = ("anonymous", "customer", "staff")


@dataclass(frozen=True)
class World:
    """What bears the names of the schema's examples, so that they work as they stand. `paths` holds values for the parts of a path, by resource; `people` the headers by which each who may ask is known."""

    people: dict[str, dict[str, str]]
    paths: dict[str, dict[str, str]]

    def parts_of(self, path: str) -> dict[str, str]:
        """What stands in an address such as /api/v1/posts/{slug}/ for something that is there."""
        return next((self.paths[place] for place in place_of(path) if place in self.paths), {})


def build() -> World:
    customer = journal.person("Clara Customer")
    staff = User.objects.create_superuser("owner@example.com", "clay-and-fire", name="Olga Owner")
    order = _shop(customer)
    testing.deliver_events()
    post = journal.published(tags=["Glaze"], title="On glazes", slug="on-glazes")
    draft = journal.draft(title="On slips")
    said = journal.comment(post, customer)
    room = talk.RoomFactory(title="Glaze talk", slug="glaze-talk")
    asked = talk.conversation(customer)
    message = talk.say(asked, customer)
    opened, token = cart.open_cart(by=Actor.guest())
    cart.add_line(cart_id=opened.pk, sku=SKU, quantity=1, by=Actor.guest())
    level = StockLevel.objects.get(variant__sku=SKU)
    webhook = endpoints.add_webhook(url="https://hooks.example/", wanted=["*"], by=shop.SYSTEM).webhook
    delivery = endpoints.send_test(webhook_id=webhook.pk, by=shop.SYSTEM)
    WebhookAttempt.objects.create(delivery=delivery, at=timezone.now(), status=200, ms=12)
    key = api_keys.add_key(user_id=staff.pk, name="Till", scopes=["shop:read"], by=Actor.person(staff)).key
    subscriptions.subscribe(email=staff.email, topic="newsletter", viewer=Grant.session(staff), source="account")
    copy = exports.request_export(user_id=staff.pk, by=Actor.person(staff))
    case = cases.open_case(kind="comment", subject_id=str(said.uid), author=customer, by=shop.SYSTEM)
    ban = bans.ban(network="203.0.113.7", scope="comment", reason="spam", by=shop.SYSTEM)
    events.record("user.changed_profile", staff, by=Actor.person(staff), changed=["name"])
    Closing.objects.create(user=staff, asked_by=staff, due_at=timezone.now() + timedelta(days=9))
    uid = str(asked.uid)
    return World(
        people={"anonymous": {}, "customer": headers_of(customer), "staff": headers_of(staff)},
        paths={
            "carts": {"token": token, "sku": SKU},
            "categories": {"slug": "bowls"},
            "comments": {"uid": str(said.uid)},
            "conversations": {"uid": uid},
            "me/exports": {"uid": str(copy.uid)},
            "me/api_keys": {"uid": str(key.uid)},
            "bans": {"uid": ban.public_id},
            "moderation_cases": {"uid": case.public_id},
            "me/subscriptions": {"uid": str(Subscription.objects.get().uid)},
            "orders": {"number": order.number},
            "posts": {"slug": post.slug},
            "posts/submission": {"slug": draft.slug},
            "products": {"slug": "breakfast-bowl"},
            "rooms": {"uid": uid, "seq": str(message.seq), "emoji": "👍"},
            "rooms/place": {"uid": str(room.uid)},
            "stock_levels": {"uid": str(level.uid)},
            "tags": {"slug": "glaze"},
            "webhooks": {"uid": str(webhook.uid)},
            "webhooks/deliveries": {"webhook_uid": str(webhook.uid), "uid": str(delivery.uid)},
        },
    )


def place_of(path: str) -> list[str]:
    """Where in `paths` an address finds its values: under the longest of its names that is there."""
    names = [part for part in path.removeprefix("/api/v1/").strip("/").split("/") if "{" not in part]
    return ["/".join((names[0], name)) for name in reversed(names[1:])] + names[:1]


def _shop(customer: User) -> Any:
    """A product with a review, and an order of it that is paid, partly sent and partly refunded."""
    bowls = shop.CategoryFactory(slug="bowls", name="Bowls")
    product = shop.ProductFactory(slug="breakfast-bowl", title="Breakfast Bowl", category=bowls)
    variant = shop.VariantFactory(product=product, sku=SKU, stock=1000)
    order = shop.paid({variant: 5}, user=customer)
    line = order.lines.get()
    fulfilment.fulfil_order(order_id=order.pk, lines={str(line.uid): 1}, by=shop.SYSTEM)
    refunds.request_refund(order_id=order.pk, lines={str(line.uid): 1}, reason="One came broken.", by=shop.SYSTEM)
    reviews.write_review(product_id=product.pk, rating=5, title="Good", body="Very blue.", by=Actor.person(customer))
    return order
