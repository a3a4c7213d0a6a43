"""Deliveries and tasks that wait during an upgrade find their handler, even if its code moved."""

from typing import Any

import pytest
from celery import current_app

import config.celery  # noqa: F401  the app whose tasks are meant
from core.events import services as events
from core.events.models import Event, EventDelivery

# Names under which deliveries and tasks were written by a release. Add to it, never take away: give what is renamed
# its old name as `former`, and a renamed task a second registration.
HANDLERS = (
    *("accounts.data.handlers.make_export", "accounts.data.handlers.send_link"),
    *("accounts.handlers.end_impersonations", "accounts.handlers.tell_of_new_device"),
    *("accounts.programs.handlers.tell_of_key", "accounts.subscriptions.handlers.ask_whether_it_is_you"),
    *("accounts.subscriptions.handlers.follow_address", "analytics.handlers.keep_sale"),
    *("blog.handlers.index_post", "blog.handlers.tell_readers", "blog.handlers.tell_who_follows"),
    *("chat.handlers.follow_post", "chat.handlers.index_room", "chat.handlers.tell_of_refund"),
    *("core.handlers.index_page", "core.handlers.render_added_picture", "core.webhooks.handlers.offer_to_webhooks"),
    *("shop.handlers.carry_out_refund", "shop.handlers.claim_guest_orders", "shop.handlers.claim_order"),
    *("shop.handlers.index_product", "shop.handlers.index_sold_products", "shop.handlers.send_confirmation"),
    *("shop.handlers.send_expiry_notice", "shop.handlers.send_link", "shop.handlers.send_refund_notice"),
    *("shop.handlers.send_return_notice", "shop.handlers.send_tracking", "shop.handlers.send_transfer_details"),
    "shop.handlers.tell_who_waits_for_it",
)
TASKS = (
    *("accounts.send_letters", "accounts.send_logouts", "accounts.sweep_logouts", "accounts.erase_people"),
    *("blog.publish_due_posts", "core.deliver_event", "core.relay_events", "core.send_webhooks", "core.sweep_events"),
    *("core.sweep_webhooks", "shop.expire_orders", "shop.process_inbox", "shop.send_sandbox_webhook"),
    "shop.sync_open_payments",
)


@pytest.fixture
def no_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "_handlers", {})
    monkeypatch.setattr(events, "_former", {})


def handler(name: str, module: str, heard: list[str]) -> Any:
    """A function as it would be if it were called so and lay there."""

    def function(event: Event) -> None:
        heard.append(f"{module}.{name}")

    function.__name__ = function.__qualname__ = name
    function.__module__ = module
    return function


def waiting(name: str) -> EventDelivery:
    event = Event.objects.create(name="order.paid", subject_kind="order", subject_id="1", actor_kind="system")
    return EventDelivery.objects.create(event=event, handler=name)


def test_every_name_that_a_release_wrote_finds_its_handler() -> None:
    assert [name for name in HANDLERS if events.find_handler(name) is None] == []


def test_every_task_that_a_release_queued_is_known() -> None:
    current_app.loader.import_default_modules()

    assert [name for name in TASKS if name not in current_app.tasks] == []


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["shop.claim_order", "shop.handlers.claim_order", "shop.orders.handlers.claim_order"])
def test_a_delivery_finds_a_handler_that_moved(no_handlers: None, name: str) -> None:
    heard: list[str] = []
    events.on("order.paid")(handler("claim_order", "shop.reviews.handlers", heard))
    delivery = waiting(name)

    assert events.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, heard) == ("done", ["shop.reviews.handlers.claim_order"])


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["shop.claim_order", "shop.handlers.claim_order"])
def test_a_delivery_finds_a_handler_by_its_former_name(no_handlers: None, name: str) -> None:
    heard: list[str] = []
    events.on("order.paid", former=("shop.claim_order",))(handler("assign_order", "shop.orders.handlers", heard))

    assert events.deliver(waiting(name).pk)
    assert heard == ["shop.orders.handlers.assign_order"]


@pytest.mark.django_db
def test_a_delivery_of_no_handler_fails_and_is_kept(no_handlers: None) -> None:
    delivery = waiting("shop.handlers.claim_order")

    assert not events.deliver(delivery.pk)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("pending", 1)
    assert "no handler is called shop.handlers.claim_order" in delivery.error


def test_two_handlers_of_an_app_cannot_share_a_name(no_handlers: None) -> None:
    events.on("order.paid")(handler("claim_order", "shop.orders.handlers", []))

    with pytest.raises(ValueError, match="Two handlers are called"):
        events.on("order.paid")(handler("claim_order", "shop.reviews.handlers", []))


@pytest.mark.django_db
def test_an_outside_handler_keeps_its_key_when_it_moves(no_handlers: None) -> None:
    keys: list[str] = []

    def send(event: Event, key: str) -> None:
        keys.append(key)

    send.__qualname__, send.__module__ = "send_link", "shop.orders.handlers"
    events.on("order.paid", outside=True)(send)
    delivery = waiting("shop.handlers.send_link")

    assert events.deliver(delivery.pk)
    assert keys == [f"{delivery.event.uid}:shop.handlers.send_link"]
