"""Which consent needs a recent sign-in, what a client may do without staff's approval, and how long it lasts."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone

from accounts.oauth import views
from accounts.oauth.models import AccessToken, AuthorizationCode, Client, Consent, DeviceGrant, RefreshToken
from accounts.oauth.services import clients
from accounts.oauth.tests.conftest import answered, bearing, program_of, say_again, send, signed_in
from accounts.permissions import consent_policy
from accounts.permissions.models import Role
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core.context import Actor
from core.errors import Denied
from core.testing import JustSignedIn, events_named, no_event
from core.webhooks.models import Webhook

pytestmark = pytest.mark.django_db

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
ALL = ("openid", "account:read", "shop:read", "shop:write", "webhooks:manage", "security:read", "moderation:manage")
STAFF_SCOPES = ("webhooks:manage", "security:read", "moderation:manage")


@pytest.fixture
def owner(db):
    """A member of staff who may do everything."""
    Role.objects.update(requires_mfa=False)
    user = UserFactory(email="owner@example.com", is_staff=True)
    user.groups.add(Role.objects.get(slug="owner").group)
    return user


@pytest.fixture
def program(maker):
    return program_of(maker, scopes=ALL)


@pytest.fixture
def kiln(maker, monkeypatch):
    """A device that may ask as often as it likes."""
    hit = views.rate_limits.hit
    monkeypatch.setattr(
        views.rate_limits,
        "hit",
        lambda rate, *key, **how: hit("1000/second" if key[0] == "device" else rate, *key, **how),
    )
    return program_of(maker, name="Kiln", flow=DEVICE, redirect_uris=[], is_public=True, scopes=ALL)


def approve(program):
    Client.objects.filter(pk=program.client.pk).update(approved_at=timezone.now())
    program.client.refresh_from_db()
    return program


def stale(user):
    """A session whose sign-in is an hour old."""
    browser = signed_in(user)
    session = browser.session
    session["account_authentication_methods"] = [
        {**record, "at": record["at"] - 3600} for record in session["account_authentication_methods"]
    ]
    session.save()
    return browser


def asks_for_password(answer):
    return answer.status_code == 302 and answer["Location"].startswith("/account/reauthenticate/")


@pytest.mark.parametrize("scope", STAFF_SCOPES)
@pytest.mark.parametrize("make_browser", [signed_in, stale])
def test_staff_scope_of_unapproved_client_is_refused(program, owner, scope, make_browser):
    browser = make_browser(owner)

    back = answered(program.ask(browser, scope=f"openid {scope}"))

    assert back["error"] == "invalid_scope"
    assert not AuthorizationCode.objects.exists()
    assert not Consent.objects.exists()


@pytest.mark.parametrize("scope", STAFF_SCOPES)
def test_staff_scope_of_unapproved_client_is_refused_to_devices(kiln, scope):
    answer = send("/oauth/device-authorization/", {"client_id": kiln.client.client_id, "scope": scope})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert not DeviceGrant.objects.exists()


@pytest.mark.parametrize(
    ("approved", "is_staff", "scope", "asks"),
    [
        (False, True, "openid shop:write", False),
        (False, False, "openid shop:write", False),
        (True, True, "openid shop:read", False),
        (True, True, "openid shop:write", True),
        (True, True, "openid webhooks:manage", True),
        (True, False, "openid shop:write", False),
        (True, False, "openid webhooks:manage", True),
    ],
)
@pytest.mark.parametrize("remembered", [False, True])
def test_consent_to_sensitive_scopes_asks_for_a_recent_sign_in(
    program, owner, user, approved, is_staff, scope, asks, remembered
):
    person = owner if is_staff else user
    if approved:
        approve(program)
    if remembered:
        program.tokens(signed_in(person), scope=scope)
    AuthorizationCode.objects.all().delete()
    browser = stale(person)

    page = program.ask(browser, scope=scope)
    silent = answered(program.ask(browser, scope=scope, prompt="none"))
    sent = browser.post("/oauth/authorize/", program.asking(scope=scope) | {"allow": "true"})

    assert asks_for_password(page) == asks_for_password(sent) == asks
    assert silent.get("error") == (("login_required" if asks else None) if remembered else "consent_required")
    assert AuthorizationCode.objects.exists() != asks
    say_again(browser)
    assert program.code(browser, scope=scope)


@pytest.mark.parametrize(
    ("approved", "scope", "asks"),
    [(False, "shop:write", False), (True, "shop:write", True), (True, "webhooks:manage", True)],
)
def test_device_is_approved_only_after_a_recent_sign_in(kiln, owner, approved, scope, asks):
    if approved:
        approve(kiln)
    sent = {"client_id": kiln.client.client_id, "scope": scope}
    device = send("/oauth/device-authorization/", sent).json()
    browser = stale(owner)

    answer = browser.post("/oauth/device/", {"user_code": device["user_code"], "decision": "allow"})

    assert asks_for_password(answer) == asks
    assert (DeviceGrant.objects.get().status == DeviceGrant.AUTHORIZED) != asks
    assert Consent.objects.exists() != asks


def test_device_token_carries_when_the_person_signed_in(kiln, owner):
    approve(kiln)
    sent = {"client_id": kiln.client.client_id, "scope": "webhooks:manage"}
    device = send("/oauth/device-authorization/", sent).json()
    signed_in(owner).post("/oauth/device/", {"user_code": device["user_code"], "decision": "allow"})

    given = kiln.token(grant_type=DEVICE, device_code=device["device_code"]).json()

    token, renewal = AccessToken.objects.get(), RefreshToken.objects.get()
    assert timezone.now() - token.auth_time < timedelta(minutes=1)
    assert renewal.auth_time == token.auth_time
    assert bearing(given["access_token"]).get("/api/v1/webhooks/").status_code == 200
    RefreshToken.objects.update(auth_time=timezone.now() - consent_policy.RENEWAL_WINDOW)
    assert kiln.refresh(given["refresh_token"]).json()["error"] == "invalid_grant"


def test_refresh_drops_sensitive_scopes_when_their_time_is_over(program, owner):
    approve(program)
    given = program.tokens(signed_in(owner), scope="openid account:read shop:write webhooks:manage")
    signed_in_at = AccessToken.objects.get().auth_time

    in_time = program.refresh(given["refresh_token"]).json()
    assert set(in_time["scope"].split()) == {"openid", "account:read", "shop:write", "webhooks:manage"}
    assert AccessToken.objects.latest("pk").auth_time == signed_in_at
    RefreshToken.objects.update(auth_time=timezone.now() - consent_policy.RENEWAL_WINDOW - timedelta(seconds=1))
    late = program.refresh(in_time["refresh_token"]).json()

    assert set(late["scope"].split()) == {"openid", "account:read"}
    assert bearing(late["access_token"]).get("/api/v1/webhooks/").status_code == 403
    wanting = program.token(grant_type="refresh_token", refresh_token=late["refresh_token"], scope="webhooks:manage")
    assert wanting.json()["error"] == "invalid_scope"


def test_token_is_refused_sensitive_scopes_after_their_time(program, owner):
    approve(program)
    given = program.tokens(signed_in(owner), scope="openid webhooks:manage")
    api = bearing(given["access_token"])
    assert api.get("/api/v1/webhooks/").status_code == 200

    AccessToken.objects.update(auth_time=timezone.now() - consent_policy.RENEWAL_WINDOW)

    assert api.get("/api/v1/webhooks/").status_code == 403


def test_unapproved_client_has_no_permission_of_staff(program, owner, staff):
    staff.set_password(PASSWORD)
    staff.save()
    for person in (owner, staff):
        given = program.tokens(signed_in(person), scope="openid account:read shop:read shop:write")
        api = bearing(given["access_token"])

        assert api.get("/api/v1/me/").json()["email"] == person.email
        assert api.get("/api/v1/stock_levels/").status_code == 403
        assert api.get("/api/v1/orders/").json()["results"] == []
    approve(program)
    assert api.get("/api/v1/stock_levels/").status_code == 200
    assert User.objects.filter(pk=staff.pk, is_superuser=True, is_staff=True).exists()


def test_token_with_staff_scopes_from_before_does_nothing_without_approval(program, owner):
    approve(program)
    given = program.tokens(signed_in(owner), scope="openid webhooks:manage")
    Client.objects.update(approved_at=None)

    answer = bearing(given["access_token"]).post("/api/v1/webhooks/", {"url": "https://a.example/", "events": ["*"]})

    assert answer.status_code == 403
    assert not Webhook.objects.exists()
    assert program.refresh(given["refresh_token"]).json()["scope"] == "openid"


def test_staff_approve_a_client_in_the_admin_and_withdraw_it(staff, program, owner):
    browser = JustSignedIn()
    browser.force_login(staff)
    address = "/admin/accounts/client/"

    browser.post(address, {"action": "approve", "_selected_action": [program.client.pk]})
    program.client.refresh_from_db()
    assert (program.client.is_approved, program.client.approved_by) == (True, staff)
    assert [event.data for event in events_named("client.approved")] == [{"scopes": sorted(ALL)}]
    given = program.tokens(signed_in(owner), scope="openid webhooks:manage")
    browser.post(address, {"action": "end_approval", "_selected_action": [program.client.pk]})

    program.client.refresh_from_db()
    assert (program.client.is_approved, program.client.approved_by) == (False, None)
    assert len(events_named("client.approval_ended")) == 1
    assert bearing(given["access_token"]).get("/api/v1/me/").status_code == 401
    assert program.refresh(given["refresh_token"]).status_code == 400


def test_approval_asks_staff_for_a_recent_sign_in(owner, program):
    browser = stale(owner)

    answer = browser.post("/admin/accounts/client/", {"action": "approve", "_selected_action": [program.client.pk]})

    assert asks_for_password(answer)
    assert not Client.objects.get().is_approved
    assert no_event("client.approved")


@pytest.mark.parametrize("service", [clients.approve_client, clients.end_approval])
def test_approval_needs_its_permission(program, maker, service):
    with pytest.raises(Denied):
        service(client_id=program.client.pk, by=Actor.person(maker))
    assert not Client.objects.get().is_approved


@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({}, True),
        ({"name": "Other"}, False),
        ({"redirect_uris": ["https://evil.example/back"]}, False),
        ({"scopes": ["openid", "blog:write"]}, False),
    ],
    ids=str,
)
def test_approval_ends_with_a_change_by_the_owner(program, maker, changes, stays):
    approve(program)
    given = {"name": "Kiln log", "scopes": ALL, "redirect_uris": [program.back]}

    clients.change_client(client_id=program.client.pk, by=Actor.person(maker), **(given | changes))

    assert Client.objects.get().is_approved == stays
    assert len(events_named("client.approval_ended")) == (0 if stays else 1)


def test_consent_page_names_owner_and_address_and_says_not_verified(program, nora, maker):
    User.objects.filter(pk=maker.pk).update(name="Mona Maker")

    page = program.ask(nora, scope="openid").content.decode()

    assert "<dd><bdi>Mona Maker</bdi></dd>" in page
    assert f'<code dir="ltr">{program.back}</code>' in page
    assert "Not verified" in page
    assert "Not verified" not in approve(program).ask(nora, scope="openid").content.decode()


def test_device_page_names_owner_and_says_not_verified(kiln, nora, maker):
    User.objects.filter(pk=maker.pk).update(name="Mona Maker")
    sent = {"client_id": kiln.client.client_id, "scope": "account:read"}
    device = send("/oauth/device-authorization/", sent).json()

    page = nora.post("/oauth/device/", {"user_code": device["user_code"]}).content.decode()

    assert "<dd><bdi>Mona Maker</bdi></dd>" in page
    assert "Not verified" in page


def test_stale_session_of_another_browser_is_no_help(program, owner):
    """A recent sign-in counts where it was made."""
    approve(program)
    signed_in(owner)

    assert asks_for_password(program.ask(stale(owner), scope="openid webhooks:manage"))
    assert program.ask(Browser(), scope="openid webhooks:manage")["Location"].startswith("/account/login/")
