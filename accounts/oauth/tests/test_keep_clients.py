"""Clients: who registers them, what they may be, who switches them off."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.oauth.models import AccessToken, Client, Consent
from accounts.oauth.services import clients, consents
from accounts.oauth.tasks import forget_oauth_tokens
from accounts.oauth.tests.conftest import BACK, program_of
from accounts.tests.factories import PASSWORD, UserFactory
from core import testing
from core.context import Actor
from core.errors import Denied
from core.testing import JustSignedIn, events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

LIST, NEW = reverse("accounts:clients"), reverse("accounts:new_client")
FORM = {
    "name": "Kiln log",
    "flow": clients.AUTHORIZATION_CODE,
    "scopes": ["openid", "account:read"],
    "redirect_uris": BACK,
}


def confirmed(user):
    browser = Browser()
    browser.force_login(user)
    browser.post("/account/reauthenticate/", {"password": PASSWORD})
    return browser


def test_a_person_registers_a_client_and_sees_its_secret_once(maker):
    browser = confirmed(maker)

    page = browser.post(NEW, FORM)

    made = page.context["made"]
    client = Client.objects.get()
    assert made.secret in page.content.decode()
    assert made.secret not in str(snapshot("accounts.Client"))
    assert (client.user, client.client_type, client.redirect_uris, client.scopes) == (
        maker,
        "confidential",
        BACK,
        ["account:read", "openid"],
    )
    assert made.secret not in browser.get(LIST).content.decode()
    assert client.client_id in browser.get(LIST).content.decode()
    assert [event.data for event in events_named("client.added")] == [
        {"scopes": ["account:read", "openid"], "flow": "authorization-code"}
    ]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"redirect_uris": ""}, "Enter at least one redirect URI."),
        ({"redirect_uris": "http://rp.example/back"}, "is not a valid redirect URI"),
        ({"redirect_uris": "https://rp.example/back#x"}, "is not a valid redirect URI"),
        ({"redirect_uris": "https://*.example/back"}, "is not a valid redirect URI"),
        ({"redirect_uris": "javascript:alert(1)"}, "is not a valid redirect URI"),
        ({"logout_uris": "https://u@rp.example/"}, "is not a valid redirect URI"),
        ({"scopes": ["introspection"]}, "cannot request the scope introspection"),
        ({"flow": clients.CLIENT_CREDENTIALS, "scopes": ["shop:read"]}, "cannot request the scope shop:read"),
        ({"flow": "password"}, "Select a valid choice"),
    ],
    ids=str,
)
def test_what_a_client_may_not_be_is_said_beside_its_field(maker, wrong, words):
    page = confirmed(maker).post(NEW, FORM | wrong)

    assert page.status_code == 422
    assert words in page.content.decode()
    assert not Client.objects.exists()
    assert no_event("client.added")


@pytest.mark.parametrize(
    "fields",
    [
        {"authorization_grant_type": "password"},
        {"authorization_grant_type": "implicit"},
        {"algorithm": "HS256"},
        {"hash_client_secret": False},
        {"skip_authorization": True},
        {"authorization_grant_type": "client-credentials", "client_type": "public"},
    ],
    ids=str,
)
def test_the_database_refuses_weaker_clients(program, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.update(**fields)


def test_a_client_is_changed_and_its_secret_renewed_by_its_owner(maker, program, nora):
    browser = confirmed(maker)
    address = reverse("accounts:client", args=[program.client.client_id])
    former = program.secret

    assert BACK in browser.get(address).content.decode()
    saved = browser.post(address, {"name": "Log", "scopes": ["openid"], "redirect_uris": "https://rp.example/new"})
    shown = browser.post(reverse("accounts:renew_secret", args=[program.client.client_id]))

    assert (saved.status_code, saved["Location"], shown.status_code) == (303, LIST, 200)
    assert Client.objects.values_list("name", "redirect_uris").get() == ("Log", "https://rp.example/new")
    assert program.ask(nora).status_code == 400
    program.secret, program.back = former, "https://rp.example/new"
    code = program.code(nora, scope="openid")
    assert program.redeem(code).status_code == 401
    program.secret = shown.context["made"].secret
    assert program.redeem(code).status_code == 200


def test_a_removed_client_leaves_nothing_behind(maker, program, nora):
    program.tokens(nora)

    confirmed(maker).post(reverse("accounts:remove_client", args=[program.client.client_id]))

    assert not Client.objects.exists()
    assert not AccessToken.objects.exists()
    assert not Consent.objects.exists()
    assert [event.subject_id for event in events_named("client.removed")] == [program.client.client_id]


def test_clients_of_others_are_neither_seen_nor_touched(maker, program, stranger):
    browser = confirmed(UserFactory())
    before = snapshot("accounts.Client")
    names = ("client", "renew_secret", "remove_client")

    answers = [browser.post(reverse(f"accounts:{name}", args=[program.client.client_id]), FORM) for name in names]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert program.client.client_id not in browser.get(LIST).content.decode()
    by = Actor.person(stranger)
    for service in (clients.renew_secret, clients.remove_client):
        with pytest.raises(Denied):
            service(client_id=program.client.pk, by=by)
    with pytest.raises(Denied):
        clients.add_client(
            owner_id=maker.pk, name="x", flow=clients.AUTHORIZATION_CODE, scopes=["openid"], redirect_uris=[BACK], by=by
        )
    with pytest.raises(Denied):
        clients.switch_client(client_id=program.client.pk, on=False, by=by)
    with pytest.raises(Denied):
        consents.give_consent(user=maker, client=program.client, scopes=["openid"], by=by)
    assert snapshot("accounts.Client") == before


def test_staff_switch_a_client_off_and_no_token_of_it_is_taken(staff, program, nora):
    given, client = program.tokens(nora), JustSignedIn()
    client.force_login(staff)
    page = reverse("admin:accounts_client_changelist")

    client.post(page, {"action": "switch_off", "_selected_action": program.client.pk})

    me = Browser().get("/api/v1/me/", headers={"Authorization": f"Bearer {given['access_token']}"})
    assert me.status_code == 401
    assert program.refresh(given["refresh_token"]).status_code == 401
    assert program.ask(nora).status_code == 400
    client.post(page, {"action": "switch_on", "_selected_action": program.client.pk})
    assert program.ask(nora).status_code == 302
    assert len(events_named("client.switched_off")) == len(events_named("client.switched_on")) == 1


@pytest.mark.parametrize(
    "name", ["client", "accesstoken", "authorizationcode", "refreshtoken", "idtoken", "consent", "signingkey"]
)
def test_staff_see_what_there_is_and_no_secret(client, staff, program, nora, name):
    given = program.tokens(nora)
    client.force_login(staff)

    listed = client.get(reverse(f"admin:accounts_{name}_changelist"))
    row = listed.context["cl"].queryset.first()
    shown = client.get(reverse(f"admin:accounts_{name}_change", args=[row.pk])).content.decode()

    assert listed.status_code == 200
    hidden = [
        given["access_token"],
        given["refresh_token"],
        program.secret,
        "PRIVATE KEY",
        "pbkdf2",
        "md5$",
        getattr(row, "token_checksum", "no sum"),
    ]
    assert [secret for secret in hidden if secret in shown] == []


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_share_the_last_client_that_is_left(monkeypatch, maker):
    monkeypatch.setattr(clients, "MAX_CLIENTS", 2)
    program_of(maker)

    results = testing.race(*[lambda: program_of(maker)] * 8)

    assert [type(failure) for failure in testing.failures(results)] == [clients.TooManyClients] * 7


@pytest.mark.parametrize("address", [LIST, reverse("accounts:connected_apps")])
def test_lists_cost_the_same_for_one_row_and_for_many(monkeypatch, nora, user, address):
    monkeypatch.setattr(clients, "MAX_CLIENTS", 1000)
    costs = []
    for more in (1, 23, 76):
        for _ in range(more):
            consents.give_consent(user=user, client=program_of(user).client, scopes=["openid"], by=Actor.person(user))
        with CaptureQueriesContext(connection) as queries:
            assert nora.get(address).status_code == 200
        costs.append(len(queries))

    assert costs[0] == costs[1] == costs[2] <= 6


def test_what_has_expired_is_forgotten_and_what_has_not_stays(program, nora):
    first = program.tokens(nora)
    program.refresh(first["refresh_token"])
    AccessToken.objects.filter(refresh_token=None).update(expires=timezone.now())
    code = program.code(nora)

    forget_oauth_tokens()

    assert program.redeem(code).status_code == 200
    assert program.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert len(events_named("oauth.token_reuse_detected")) == 1
