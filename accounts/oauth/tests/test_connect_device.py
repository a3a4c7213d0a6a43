"""A device without a keyboard gets its tokens: a person enters its code elsewhere."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.oauth import views
from accounts.oauth.models import AccessToken, Consent, DeviceGrant
from accounts.oauth.tests.conftest import program_of, send
from core import testing
from core.testing import events_named

pytestmark = pytest.mark.django_db

FLOW = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def kiln(maker, monkeypatch):
    """A kiln that shows its temperatures; it may ask as often as it likes."""
    hit = views.rate_limits.hit
    monkeypatch.setattr(
        views.rate_limits,
        "hit",
        lambda rate, *key, **how: hit("1000/second" if key[0] == "device" else rate, *key, **how),
    )
    return program_of(
        maker, name="Kiln", flow=FLOW, redirect_uris=[], is_public=True, scopes=["openid", "account:read"]
    )


def start(kiln, **more):
    answer = send("/oauth/device-authorization/", {"client_id": kiln.client.client_id, "scope": "account:read", **more})
    assert answer.status_code == 200, answer.content
    return answer.json()


def poll(kiln, device, **more):
    return kiln.token(grant_type=FLOW, device_code=device["device_code"], **more)


def test_a_person_enters_the_code_and_the_device_acts_for_them(kiln, nora, user):
    device = start(kiln)
    assert device["verification_uri"] == "http://localhost:8000/oauth/device/"
    assert poll(kiln, device).json()["error"] == "authorization_pending"

    asked = nora.post("/oauth/device/", {"user_code": device["user_code"].lower()})
    assert "Allow <bdi>Kiln</bdi> to use your account?" in asked.content.decode()
    assert poll(kiln, device).json()["error"] == "authorization_pending"
    nora.post("/oauth/device/", {"user_code": device["user_code"], "decision": "allow"})
    given = poll(kiln, device)

    assert given.status_code == 200, given.content
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {given.json()['access_token']}")
    assert api.get("/api/v1/me/").json()["email"] == user.email
    assert Consent.objects.get().user == user
    assert len(events_named("consent.given")) == 1


def test_a_device_code_gives_tokens_once(kiln, nora):
    device = start(kiln)
    nora.post("/oauth/device/", {"user_code": device["user_code"], "decision": "allow"})
    poll(kiln, device)

    assert poll(kiln, device).json()["error"] == "invalid_grant"
    assert AccessToken.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_eight_that_poll_at_once_one_gets_tokens(kiln, nora):
    device = start(kiln)
    nora.post("/oauth/device/", {"user_code": device["user_code"], "decision": "allow"})

    answers = testing.race(*[lambda: poll(kiln, device).status_code] * 8)

    assert sorted(answers) == [200] + [400] * 7


def test_who_refuses_lets_the_device_do_nothing(kiln, nora):
    device = start(kiln)

    nora.post("/oauth/device/", {"user_code": device["user_code"], "decision": "refuse"})

    assert poll(kiln, device).json()["error"] == "access_denied"
    assert not Consent.objects.exists()
    assert len(events_named("consent.refused")) == 1


def test_another_client_gets_nothing_for_the_code(kiln, nora, maker):
    other = program_of(maker, name="Other", flow=FLOW, redirect_uris=[], is_public=True, scopes=["account:read"])
    device = start(kiln)
    nora.post("/oauth/device/", {"user_code": device["user_code"], "decision": "allow"})

    assert poll(other, device).json()["error"] == "invalid_grant"
    assert not AccessToken.objects.exists()


def test_a_device_with_a_secret_proves_it(nora, maker, kiln):
    box = program_of(maker, name="Box", flow=FLOW, redirect_uris=[], scopes=["account:read"])
    sent = {"client_id": box.client.client_id, "client_secret": box.secret, "scope": "account:read"}
    device = send("/oauth/device-authorization/", sent).json()
    nora.post("/oauth/device/", {"user_code": device["user_code"], "decision": "allow"})

    assert box.token(auth=False, grant_type=FLOW, device_code=device["device_code"]).status_code == 401
    assert poll(box, device).status_code == 200


@pytest.mark.parametrize(
    "spoil", [{"expires": timezone.now() - timedelta(hours=1)}, {"status": "denied"}], ids=["expired", "decided"]
)
def test_a_code_that_is_over_is_not_taken(kiln, nora, spoil):
    device = start(kiln)
    DeviceGrant.objects.update(**spoil)

    answer = nora.post("/oauth/device/", {"user_code": device["user_code"], "decision": "allow"})

    assert answer.status_code == 422
    assert poll(kiln, device).json()["error"] in ("expired_token", "access_denied")


def test_agreeing_takes_a_csrf_token_and_a_session(kiln, user):
    device = start(kiln)
    forged = Browser(enforce_csrf_checks=True)
    forged.force_login(user)
    sent = {"user_code": device["user_code"], "decision": "allow"}

    assert forged.post("/oauth/device/", sent).status_code == 403
    assert Browser().post("/oauth/device/", sent)["Location"].startswith("/account/login/")
    assert poll(kiln, device).json()["error"] == "authorization_pending"


def test_codes_cannot_be_tried_out(kiln, nora):
    answers = [nora.post("/oauth/device/", {"user_code": f"WRONG{n}"}).status_code for n in range(11)]

    assert answers == [422] * 10 + [429]


def test_a_device_that_asks_too_often_is_told_to_slow_down(maker):
    kiln = program_of(maker, name="Kiln", flow=FLOW, redirect_uris=[], is_public=True, scopes=["account:read"])
    device = start(kiln)

    assert [poll(kiln, device).json()["error"] for _ in range(2)] == ["authorization_pending", "slow_down"]


def test_codes_are_not_in_the_database(kiln):
    device = start(kiln)

    assert device["device_code"] not in str(testing.snapshot("accounts.DeviceGrant"))


@pytest.mark.parametrize("more", [{"client_id": "none"}, {"scope": "shop:write"}], ids=str)
def test_who_is_not_known_or_asks_for_too_much_gets_no_code(kiln, more):
    answer = send("/oauth/device-authorization/", {"client_id": kiln.client.client_id, "scope": "account:read", **more})

    assert answer.status_code in (400, 401)
    assert not DeviceGrant.objects.exists()


@pytest.mark.parametrize("sent", [{}, {"device_code": "x"}], ids=str)
def test_half_a_request_is_refused_and_breaks_nothing(kiln, sent):
    assert kiln.token(grant_type=FLOW, **sent).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data; boundary=x"])
def test_device_authorization_without_a_form_is_refused(kiln, kind):
    """RFC 8628, 3.1: the parameters come as a form. Django's client sends no Content-Type with an empty body."""
    answer = Browser().generic("POST", "/oauth/device-authorization/", b"{}" if kind else b"", content_type=kind)

    assert (answer.status_code, answer.json()) == (
        400,
        {
            "error": "invalid_request",
            "error_description": "Send the parameters as application/x-www-form-urlencoded.",
        },
    )
    assert DeviceGrant.objects.count() == 0
