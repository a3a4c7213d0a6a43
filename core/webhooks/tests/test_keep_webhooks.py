"""Who may keep webhooks, and that the API and the admin do the same when they do."""

import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from standardwebhooks.webhooks import Webhook as Verifier

from core.context import Actor
from core.encryption import decrypt
from core.errors import Denied
from core.events.models import Event
from core.testing import events_named, no_event, snapshot
from core.webhooks import guard
from core.webhooks.models import Webhook, WebhookDelivery
from core.webhooks.services import deliveries, endpoints

SYSTEM = Actor.system("test")
TABLES = ("core.Webhook", "core.WebhookDelivery", "core.Event")


def test_a_secret_is_shown_once_and_kept_where_only_the_data_keys_read_it(db):
    made = endpoints.add_webhook(url="https://hooks.example/", wanted=["*"], by=SYSTEM)

    assert made.secret.startswith("whsec_")
    assert Verifier(made.secret)._whsecret.__len__() == 32
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(core_webhook)::text FROM core_webhook")
        (row,) = cursor.fetchone()
    assert made.secret.removeprefix("whsec_") not in row
    assert decrypt(Webhook.objects.get().secret) == made.secret


def test_a_new_data_key_reads_what_the_old_one_wrote(db, settings):
    made = endpoints.add_webhook(url="https://hooks.example/", wanted=["*"], by=SYSTEM)
    settings.DATA_KEYS = ["bmV3LWtleS1uZXcta2V5LW5ldy1rZXktbmV3LWtleSE=", *settings.DATA_KEYS]

    assert decrypt(made.webhook.secret) == made.secret


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["order.paid"], ["order.paid"]),
        (["post.*", " order.paid ", "order.paid", ""], ["order.paid", "post.*"]),
        (["order.paid", "*"], ["*"]),
    ],
)
def test_the_events_are_kept_tidy(db, given, kept):
    assert endpoints.add_webhook(url="https://hooks.example/", wanted=given, by=SYSTEM).webhook.events == kept


@pytest.mark.parametrize(
    "wanted",
    [
        [],
        [" "],
        ["order.pade"],
        ["orders.*"],
        ["webhook.*"],
        ["webhook.tested"],
        ["*.paid"],
        ["o*"],
        ["order.[a-z]*"],
        ["Order.paid"],
    ],
)
def test_events_that_do_not_exist_are_refused_and_nothing_is_kept(db, wanted):
    with pytest.raises(endpoints.UnknownEvents) as refused:
        endpoints.add_webhook(url="https://hooks.example/", wanted=wanted, by=SYSTEM)

    assert refused.value.field == "events"
    assert not Webhook.objects.exists()
    assert no_event("webhook.added")


def test_there_are_only_so_many(db, monkeypatch, make_webhook):
    monkeypatch.setattr(endpoints, "MOST_WEBHOOKS", 1)
    make_webhook()

    with pytest.raises(endpoints.TooManyWebhooks):
        make_webhook()

    assert Webhook.objects.count() == 1


def test_what_changes_is_said_and_what_does_not_is_not(make_webhook):
    webhook = make_webhook(wanted=("order.*",))

    endpoints.change_webhook(webhook_id=webhook.pk, url=webhook.url, events=["order.*", "post.*"], by=SYSTEM)
    endpoints.change_webhook(webhook_id=webhook.pk, url=webhook.url, events=["order.*", "post.*"], by=SYSTEM)

    webhook.refresh_from_db()
    assert webhook.events == ["order.*", "post.*"]
    assert [event.data for event in events_named("webhook.changed")] == [{"changed": ["events"]}]


def test_an_address_inside_the_house_is_refused_and_nothing_changes(make_webhook, settings):
    webhook = make_webhook()
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    before = snapshot(*TABLES)

    with pytest.raises(guard.AddressNotAllowed):
        endpoints.change_webhook(webhook_id=webhook.pk, url="https://169.254.169.254/", by=SYSTEM)

    assert snapshot(*TABLES) == before


VERBS = {
    "add": lambda pk, by: endpoints.add_webhook(url="https://new.example/", wanted=["*"], by=by),
    "change": lambda pk, by: endpoints.change_webhook(webhook_id=pk, description="x", by=by),
    "rotate": lambda pk, by: endpoints.rotate_secret(webhook_id=pk, by=by),
    "switch": lambda pk, by: endpoints.switch_webhook(webhook_id=pk, on=False, by=by),
    "test": lambda pk, by: endpoints.send_test(webhook_id=pk, by=by),
    "remove": lambda pk, by: endpoints.remove_webhook(webhook_id=pk, by=by),
    "replay": lambda pk, by: deliveries.replay(delivery_id=WebhookDelivery.objects.get().pk, by=by),
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("who", ["customer", "author", "manager", "agent"])
def test_nobody_but_the_owner_may(verb, who, request, make_webhook, make_delivery):
    webhook = make_webhook()
    make_delivery(webhook)
    before = snapshot(*TABLES)

    with pytest.raises(Denied):
        VERBS[verb](webhook.pk, Actor.person(request.getfixturevalue(who)))

    assert snapshot(*TABLES) == before


@pytest.mark.parametrize("verb", VERBS)
def test_the_owner_may(verb, owner, make_webhook, make_delivery):
    webhook = make_webhook()
    make_delivery(webhook)
    WebhookDelivery.objects.update(state="failed", done_at="2026-01-01T00:00Z")

    VERBS[verb](webhook.pk, Actor.person(owner))

    assert Event.objects.filter(actor_id=str(owner.uid), name__startswith="webhook.").count() == 1


@pytest.mark.parametrize("state", ["delivered", "failed"])
def test_a_replay_begins_anew(make_webhook, make_delivery, state):
    delivery = make_delivery(make_webhook())
    WebhookDelivery.objects.update(state=state, attempts=8, done_at="2026-01-01T00:00Z", next_at="2030-01-01T00:00Z")

    again = deliveries.replay(delivery_id=delivery.pk, by=SYSTEM)

    again.refresh_from_db()
    (told,) = events_named("webhook.replayed")
    assert (again.state, again.attempts, again.done_at) == ("waiting", 0, None)
    assert WebhookDelivery.objects.due(told.at).get() == again
    assert told.data == {"delivery": str(delivery.uid)}


def test_what_waits_anyway_is_not_replayed(make_webhook, make_delivery):
    delivery = make_delivery(make_webhook())
    before = snapshot(*TABLES)

    with pytest.raises(deliveries.StillWaiting):
        deliveries.replay(delivery_id=delivery.pk, by=SYSTEM)

    assert snapshot(*TABLES) == before


@pytest.mark.parametrize("verb", ["test", "replay"])
def test_nothing_is_asked_of_a_webhook_that_is_off(verb, make_webhook, make_delivery):
    webhook = make_webhook()
    make_delivery(webhook)
    endpoints.switch_webhook(webhook_id=webhook.pk, on=False, by=SYSTEM)
    before = snapshot(*TABLES)

    with pytest.raises(endpoints.WebhookDisabled):
        VERBS[verb](webhook.pk, SYSTEM)

    assert snapshot(*TABLES) == before


@pytest.mark.parametrize(
    "broken",
    [
        {"events": []},
        {"former_secret": "x"},
        {"former_until": "2026-01-01T00:00Z"},
        {"disabled_reason": "gone"},
        {"disabled_at": "2026-01-01T00:00Z"},
        {"disabled_at": "2026-01-01T00:00Z", "disabled_reason": "bored"},
    ],
)
def test_the_database_refuses_what_cannot_be(make_webhook, broken):
    make_webhook()

    with pytest.raises(IntegrityError), transaction.atomic():
        Webhook.objects.update(**broken)


def over_api(client, webhook, verb, url=None):
    """The verb as a program calls it."""
    at = f"/api/v1/webhooks/{webhook.uid}/"
    calls = {
        "add": lambda: client.post(
            "/api/v1/webhooks/",
            json.dumps({"url": url, "events": ["order.*"], "description": "Books"}),
            "application/json",
        ),
        "change": lambda: client.patch(
            at, json.dumps({"url": url, "events": ["order.*"], "description": "Books"}), "application/json"
        ),
        "rotate": lambda: client.post(f"{at}secrets/", content_type="application/json"),
        "off": lambda: client.patch(at, json.dumps({"enabled": False}), "application/json"),
        "test": lambda: client.post(f"{at}tests/", content_type="application/json"),
        "remove": lambda: client.delete(at),
        "replay": lambda: client.post(
            f"{at}deliveries/{webhook.deliveries.get().uid}/attempts/", content_type="application/json"
        ),
    }
    return calls[verb]()


def over_admin(client, webhook, verb, url=None):
    """The verb as a person of the staff clicks it."""
    typed = {"url": url, "events": "order.*\n", "description": "Books"}

    def at(name):
        return reverse(f"admin:core_webhook_{name}", args=[webhook.pk])

    calls = {
        "add": lambda: client.post(reverse("admin:core_webhook_add"), typed),
        "change": lambda: client.post(at("change"), typed),
        "rotate": lambda: client.post(at("rotate")),
        "off": lambda: client.post(at("switch"), {"on": "no"}),
        "test": lambda: client.post(at("test")),
        "remove": lambda: client.post(at("delete"), {"post": "yes"}),
        "replay": lambda: client.post(reverse("admin:core_webhookdelivery_replay", args=[webhook.deliveries.get().pk])),
    }
    return calls[verb]()


def what_is_there():
    """Rows and events without what differs from one time to the next."""
    webhooks = [
        (one.url, one.description, one.events, one.disabled_reason, bool(one.former_secret))
        for one in Webhook.objects.order_by("pk")
    ]
    sent = WebhookDelivery.objects.order_by("pk").values_list("event__name", "state", "attempts")
    told = Event.objects.filter(actor_kind="user").values_list("name", "actor_id", "subject_kind", "data")
    return webhooks, list(sent), [(name, who, kind, {**data, "delivery": ""}) for name, who, kind, data in told]


@pytest.mark.parametrize("verb", ["add", "change", "rotate", "off", "test", "remove", "replay"])
def test_api_and_admin_do_the_same(verb, client, owner, make_webhook, make_delivery):
    outcomes = []
    client.force_login(owner)
    for edge in (over_api, over_admin):
        with transaction.atomic():
            point = transaction.savepoint()
            webhook = make_webhook()
            make_delivery(webhook)
            WebhookDelivery.objects.update(state="failed", attempts=8, done_at="2026-01-01T00:00Z")
            response = edge(client, webhook, verb, url="https://new.example/in")
            assert response.status_code < 400, response.content
            outcomes.append(what_is_there())
            transaction.savepoint_rollback(point)

    from_api, from_admin = outcomes
    assert from_api == from_admin
    assert len(from_api[2]) == 1


@pytest.mark.parametrize("verb", ["add", "change", "rotate", "off", "test", "remove", "replay"])
@pytest.mark.parametrize("edge", [over_api, over_admin])
@pytest.mark.parametrize("who", ["customer", "manager"])
def test_others_are_refused_at_every_edge_and_nothing_changes(
    verb, edge, who, request, client, make_webhook, make_delivery
):
    webhook = make_webhook()
    make_delivery(webhook)
    client.force_login(request.getfixturevalue(who))
    before = snapshot(*TABLES)

    response = edge(client, webhook, verb, url="https://new.example/in")

    assert response.status_code in (302, 403, 404)
    assert snapshot(*TABLES) == before
