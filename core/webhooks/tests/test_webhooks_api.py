"""Webhooks for programs."""

import pytest

from core.api.models import IdempotencyKey
from core.context import Actor, Grant
from core.scopes import SCOPES
from core.webhooks.models import Webhook, WebhookAttempt, WebhookDelivery
from core.webhooks.services import endpoints

SYSTEM = Actor.system("test")
LIST = "/api/v1/webhooks/"


@pytest.fixture
def program(api, owner):
    """A program that the owner signed in."""
    api.force_authenticate(owner, token=Grant.session(owner))
    return api


def log_of(webhook):
    return f"{LIST}{webhook.uid}/deliveries/"


def test_an_added_webhook_comes_with_its_secret_once(program):
    response = program.post(LIST, {"url": "https://hooks.example/in", "events": ["order.*"]})

    made = response.json()
    assert response.status_code == 201
    assert set(made) == {"webhook", "secret"}
    assert made["webhook"] == {
        "uid": str(Webhook.objects.get().uid),
        "url": "https://hooks.example/in",
        "description": "",
        "events": ["order.*"],
        "enabled": True,
        "disabled_at": None,
        "disabled_reason": "",
        "failing_since": None,
        "created_at": made["webhook"]["created_at"],
    }
    assert made["secret"].startswith("whsec_")
    assert made["secret"] not in program.get(LIST).content.decode()
    assert program.get(f"{LIST}{made['webhook']['uid']}/").json() == made["webhook"]


def test_no_secret_is_kept_for_an_idempotency_key(program, make_webhook):
    webhook = make_webhook()
    headers = {"Idempotency-Key": "one"}

    program.post(LIST, {"url": "https://hooks.example/in", "events": ["*"]}, headers=headers)
    program.post(f"{LIST}{webhook.uid}/secrets/", headers=headers)

    assert not IdempotencyKey.objects.exists()


def test_a_test_asked_for_twice_with_one_key_happens_once(program, make_webhook):
    webhook = make_webhook()

    first, second = (program.post(f"{LIST}{webhook.uid}/tests/", headers={"Idempotency-Key": "one"}) for _ in range(2))

    assert (first.status_code, first.json()["type"]) == (202, "webhook.tested")
    assert second.json() == first.json()
    assert WebhookDelivery.objects.count() == 1


@pytest.mark.parametrize(
    ("wish", "code", "pointer"),
    [
        ({"url": "https://127.0.0.1.example:99999/", "events": ["*"]}, "bad_webhook_address", "/url"),
        ({"url": "https://10.0.0.1/", "events": ["*"]}, "webhook_address_not_allowed", "/url"),
        ({"url": "https://hooks.example/", "events": ["order.pade"]}, "unknown_events", "/events"),
    ],
)
def test_a_refusal_points_at_the_field(program, wish, code, pointer):
    response = program.post(LIST, wish)

    assert response.status_code == 422
    assert (response.json()["code"], response.json()["errors"][0]["pointer"]) == (code, pointer)
    assert not Webhook.objects.exists()


def test_a_change_is_all_or_nothing(program, make_webhook):
    webhook = make_webhook()

    response = program.patch(f"{LIST}{webhook.uid}/", {"enabled": False, "events": ["nothing.*"]})

    webhook.refresh_from_db()
    assert response.status_code == 422
    assert webhook.enabled


def test_switching_off_and_on(program, make_webhook):
    webhook = make_webhook()

    off = program.patch(f"{LIST}{webhook.uid}/", {"enabled": False}).json()
    on = program.patch(f"{LIST}{webhook.uid}/", {"enabled": True}).json()

    assert (off["enabled"], off["disabled_reason"]) == (False, "by_hand")
    assert (on["enabled"], on["disabled_reason"], on["disabled_at"]) == (True, "", None)


def test_a_delivery_and_its_attempts_can_be_read(program, make_webhook, make_delivery):
    webhook = make_webhook()
    delivery = make_delivery(webhook)
    WebhookAttempt.objects.create(delivery=delivery, at=delivery.created_at, ms=7, status=500, answer="oops")
    WebhookAttempt.objects.create(delivery=delivery, at=delivery.created_at, ms=9, error="The receiver took too long.")

    shown = program.get(f"{log_of(webhook)}{delivery.uid}/").json()
    tries = program.get(f"{log_of(webhook)}{delivery.uid}/attempts/").json()["results"]

    assert (shown["type"], shown["event"], shown["state"]) == ("order.paid", str(delivery.event.uid), "waiting")
    assert [(one["status"], one["error"], one["answer"]) for one in tries] == [
        (None, "The receiver took too long.", ""),
        (500, "", "oops"),
    ]


def test_the_log_can_be_narrowed_by_state(program, make_webhook, make_delivery):
    webhook = make_webhook()
    make_delivery(webhook)
    failed = make_delivery(webhook)
    WebhookDelivery.objects.filter(pk=failed.pk).update(state="failed", done_at=failed.created_at)

    found = program.get(log_of(webhook), {"state": "failed"}).json()["results"]

    assert [one["uid"] for one in found] == [str(failed.uid)]


def test_a_delivery_of_another_webhook_is_not_found(program, make_webhook, make_delivery):
    mine, other = make_webhook(wanted=("order.*",)), make_webhook(wanted=("post.*",))
    delivery = make_delivery(mine)

    assert program.get(f"{log_of(other)}{delivery.uid}/").status_code == 404
    assert program.post(f"{log_of(other)}{delivery.uid}/attempts/").status_code == 404


@pytest.mark.parametrize("count", [1, 24, 100])
def test_lists_take_the_same_queries_however_long(
    program, make_webhook, make_delivery, django_assert_num_queries, monkeypatch, count
):
    monkeypatch.setattr(endpoints, "MOST_WEBHOOKS", 200)
    wanted = [("order.*",), *[("post.*",)] * (count - 1)]
    webhooks = [make_webhook(f"https://hooks{number}.example/", wanted=one) for number, one in enumerate(wanted)]
    for _ in range(count):
        delivery = make_delivery(webhooks[0])
    WebhookAttempt.objects.bulk_create(
        WebhookAttempt(delivery=delivery, at=delivery.created_at, ms=1, status=500) for _ in range(count)
    )

    with django_assert_num_queries(2):
        assert len(program.get(LIST, {"page_size": 100}).json()["results"]) == count
    with django_assert_num_queries(2):
        assert len(program.get(log_of(webhooks[0]), {"page_size": 100}).json()["results"]) == count
    with django_assert_num_queries(3):
        assert (
            len(program.get(f"{log_of(webhooks[0])}{delivery.uid}/attempts/", {"page_size": 100}).json()["results"])
            == count
        )


def test_strangers_and_programs_without_the_scope_are_refused(api, owner, make_webhook):
    webhook = make_webhook()
    assert api.get(LIST).status_code == 401

    api.force_authenticate(owner, token=Grant("api_key", Actor.person(owner), SCOPES - {"webhooks:manage"}))

    for path in (LIST, f"{LIST}{webhook.uid}/", log_of(webhook)):
        assert api.get(path).status_code == 403
    assert api.post(LIST, {"url": "https://hooks.example/", "events": ["*"]}).status_code == 403
    assert Webhook.objects.count() == 1


def test_who_has_the_scope_but_not_the_role_sees_nothing(api, manager, make_webhook, make_delivery):
    webhook = make_webhook()
    make_delivery(webhook)
    api.force_authenticate(manager, token=Grant.session(manager))

    assert api.get(LIST).status_code == 403
    assert api.get(f"{LIST}{webhook.uid}/").status_code == 403
    assert api.get(log_of(webhook)).status_code == 403
