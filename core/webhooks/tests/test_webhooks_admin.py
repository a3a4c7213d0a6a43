"""Webhooks for staff."""

import re

import pytest
from django.urls import reverse

from core.context import Actor
from core.encryption import decrypt
from core.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from core.webhooks.services import endpoints

SYSTEM = Actor.system("test")
LOG = "admin:core_webhookdelivery_changelist"


@pytest.fixture
def office(client, owner):
    client.force_login(owner)
    return client


def test_the_secret_is_on_the_page_that_follows_and_on_no_other(office):
    page = office.post(
        reverse("admin:core_webhook_add"), {"url": "https://hooks.example/", "description": "", "events": "order.*"}
    )

    webhook = Webhook.objects.get()
    (secret,) = re.findall(r'value="(whsec_[^"]+)"', page.content.decode())
    assert secret == decrypt(webhook.secret)
    assert "no-store" in page["Cache-Control"]
    change = office.get(reverse("admin:core_webhook_change", args=[webhook.pk])).content.decode()
    assert "whsec_" not in change
    assert webhook.secret not in change


def test_a_new_secret_is_asked_for_and_shown(office, make_webhook):
    webhook = make_webhook()
    address = reverse("admin:core_webhook_rotate", args=[webhook.pk])

    asked = office.get(address)
    webhook.refresh_from_db()
    assert asked.status_code == 200
    assert decrypt(webhook.secret) == webhook.known_secret

    page = office.post(address).content.decode()
    webhook.refresh_from_db()
    assert f'value="{decrypt(webhook.secret)}"' in page.replace("&#x3D;", "=")
    assert decrypt(webhook.former_secret) == webhook.known_secret


@pytest.mark.parametrize(
    ("url", "events", "words"),
    [
        ("https://10.0.0.1/", "*", "cannot be reached from outside"),
        ("ftp://hooks.example/", "*", "Give an address like"),
        ("https://hooks.example/", "order.pade", "There is no event like order.pade"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(office, url, events, words):
    page = office.post(reverse("admin:core_webhook_add"), {"url": url, "description": "Books", "events": events})

    assert words in page.content.decode()
    assert 'value="Books"' in page.content.decode()
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("verb", ["test", "rotate", "switch"])
def test_looking_at_a_verb_does_nothing(office, make_webhook, verb):
    webhook = make_webhook()
    before = Webhook.objects.values().get()

    assert office.get(reverse(f"admin:core_webhook_{verb}", args=[webhook.pk])).status_code == 200

    assert Webhook.objects.values().get() == before
    assert not WebhookDelivery.objects.exists()


def test_a_button_of_an_old_page_does_not_switch_back(office, make_webhook):
    webhook = make_webhook()
    endpoints.switch_webhook(webhook_id=webhook.pk, on=False, by=SYSTEM)

    office.post(reverse("admin:core_webhook_switch", args=[webhook.pk]), {"on": "no"})

    webhook.refresh_from_db()
    assert not webhook.enabled


def test_a_refusal_is_said_on_the_way_back(office, make_webhook):
    webhook = make_webhook()
    endpoints.switch_webhook(webhook_id=webhook.pk, on=False, by=SYSTEM)

    page = office.post(reverse("admin:core_webhook_test", args=[webhook.pk]), follow=True)

    assert "This webhook is switched off. Switch it on first." in page.content.decode()


def test_many_are_sent_again_from_the_log_except_those_that_wait(office, make_webhook, make_delivery):
    webhook = make_webhook()
    done = [make_delivery(webhook) for _ in range(2)]
    WebhookDelivery.objects.update(state="delivered", attempts=1, done_at="2026-01-01T00:00Z")
    waiting = make_delivery(webhook)

    page = office.post(
        reverse(LOG), {"action": "replay", "_selected_action": [one.pk for one in (*done, waiting)]}, follow=True
    )

    assert "2 deliveries will be sent again." in page.content.decode()
    assert WebhookDelivery.objects.filter(state="waiting").count() == 3


def test_a_deliverys_page_shows_what_is_sent_and_each_attempt(office, make_webhook, make_delivery):
    delivery = make_delivery(make_webhook(), amount=1250)
    WebhookAttempt.objects.create(delivery=delivery, at=delivery.created_at, ms=7, status=500, answer="<b>oops</b>")

    page = office.get(reverse("admin:core_webhookdelivery_change", args=[delivery.pk])).content.decode()

    assert "&quot;amount&quot;:1250" in page
    assert "<td>500</td><td>7</td><td></td><td>&lt;b&gt;oops&lt;/b&gt;</td>" in page
    assert "Send again" not in page


@pytest.mark.parametrize("count", [1, 24, 100])
def test_the_lists_take_the_same_queries_however_long(
    office, make_webhook, make_delivery, django_assert_max_num_queries, monkeypatch, count
):
    monkeypatch.setattr(endpoints, "MOST_WEBHOOKS", 200)
    webhooks = [make_webhook(f"https://hooks{number}.example/") for number in range(count)]
    make_delivery(webhooks[0])  # all of them want it
    assert WebhookDelivery.objects.count() == count

    with django_assert_max_num_queries(6):
        assert office.get(reverse("admin:core_webhook_changelist")).status_code == 200
    with django_assert_max_num_queries(7):
        assert office.get(reverse(LOG)).status_code == 200


def test_who_lacks_the_role_finds_no_door(client, manager, make_webhook):
    webhook = make_webhook()
    client.force_login(manager)

    for name, args in (("changelist", []), ("change", [webhook.pk]), ("rotate", [webhook.pk]), ("test", [webhook.pk])):
        assert client.get(reverse(f"admin:core_webhook_{name}", args=args)).status_code == 403
