"""What a token opens here, and what another service is told of it."""

from base64 import b64encode

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.bans.models import Ban
from accounts.oauth import introspection, views
from accounts.oauth.models import AccessToken, Client, RefreshToken
from accounts.oauth.services import clients
from accounts.oauth.tests.conftest import bearing, program_of, send
from core.context import Actor

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("spoil", [
    lambda given, program, user: AccessToken.objects.update(expires=timezone.now()),
    lambda given, program, user: Client.objects.update(is_enabled=False),
    lambda given, program, user: type(user).objects.filter(pk=user.pk).update(is_active=False),
    lambda given, program, user: AccessToken.objects.update(resource=["https://other.example/"]),
    lambda given, program, user: RefreshToken.objects.get().revoke(),
], ids=["expired", "client switched off", "account closed", "wrong audience", "revoked"])  # fmt: skip
def test_a_token_that_is_not_good_opens_nothing_and_is_told_as_inactive(program, nora, user, maker, spoil):
    given = program.tokens(nora)
    watcher = program_of(maker, flow=clients.CLIENT_CREDENTIALS, scopes=["introspection"])
    spoil(given, program, user)
    if not Client.objects.filter(is_enabled=True).exists():
        Client.objects.filter(pk=watcher.client.pk).update(is_enabled=True)

    answer = bearing(given["access_token"]).get("/api/v1/me/")

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api", error="invalid_token"')
    asked = send(
        "/oauth/introspect/",
        {"token": given["access_token"], "client_id": watcher.client.client_id, "client_secret": watcher.secret},
    )
    if "other.example" not in str(AccessToken.objects.values_list("resource", flat=True)):
        assert asked.json() == {"active": False}


def test_a_service_of_ones_own_asks_whether_a_token_is_good(program, nora, user, maker):
    given = program.tokens(nora)
    service = program_of(maker, flow=clients.CLIENT_CREDENTIALS, scopes=["introspection"])
    sent = {"token": given["access_token"], "client_id": service.client.client_id}

    told = send("/oauth/introspect/", {**sent, "client_secret": service.secret}).json()

    assert {name: told[name] for name in ("active", "scope", "sub", "client_id", "iss")} == {
        "active": True,
        "scope": "openid account:read",
        "sub": str(user.uid),
        "client_id": program.client.client_id,
        "iss": "http://localhost:8000",
    }
    assert "email" not in str(told)
    assert user.email not in str(told)
    assert send("/oauth/introspect/", sent).status_code == 401
    assert Browser().get("/oauth/introspect/", {**sent, "client_secret": service.secret}).status_code == 405


def test_a_client_without_people_may_do_nothing_that_is_theirs(maker):
    service = program_of(maker, flow=clients.CLIENT_CREDENTIALS, scopes=["introspection"])

    given = service.token(grant_type="client_credentials").json()

    api = bearing(given["access_token"])
    assert (given["scope"], "refresh_token" in given) == ("introspection", False)
    assert api.get("/api/v1/me/").json()["detail"] == "This needs the scope account:read."
    assert api.get("/api/v1/posts/").status_code == 200
    with pytest.raises(clients.InvalidScope):
        program_of(maker, flow=clients.CLIENT_CREDENTIALS, scopes=["shop:read"])


def test_a_token_in_the_address_is_not_looked_at(program, nora):
    given = program.tokens(nora)

    assert Browser().get("/oauth/userinfo/", {"access_token": given["access_token"]}).status_code == 400
    assert send("/oauth/userinfo/", {"access_token": given["access_token"]}).status_code == 400
    assert Browser().get("/api/v1/me/", {"access_token": given["access_token"]}).status_code == 401


@pytest.fixture
def service(maker):
    """Another service, which asks with the secret in the header."""
    made = program_of(maker, flow=clients.CLIENT_CREDENTIALS, scopes=["introspection"])

    def ask(token, secret=made.secret, client_id=made.client.client_id):
        basic = b64encode(f"{client_id}:{secret}".encode()).decode()
        return send("/oauth/introspect/", {"token": token}, headers={"Authorization": f"Basic {basic}"})

    ask.client = made.client
    return ask


def test_an_answer_about_a_token_is_one_query(program, nora, service):
    given = program.tokens(nora)

    with CaptureQueriesContext(connection) as queries:
        told = service(given["access_token"]).json()

    assert told["active"] is True
    assert len(queries) == 1


@pytest.fixture
def bearer(maker):
    """Another service, which asks with a token that it got for itself."""
    made = program_of(maker, flow=clients.CLIENT_CREDENTIALS, scopes=["introspection"])
    own = made.token(grant_type="client_credentials").json()["access_token"]

    def ask(token, own=own):
        return send("/oauth/introspect/", {"token": token}, headers={"Authorization": f"Bearer {own}"})

    ask.client, ask.own = made.client, own
    return ask


def test_an_answer_to_who_asks_with_a_token_of_its_own_is_one_query_too(program, nora, user, bearer):
    given = program.tokens(nora)

    with CaptureQueriesContext(connection) as queries:
        told = bearer(given["access_token"]).json()

    assert (told["active"], told["sub"], told["client_id"]) == (True, str(user.uid), program.client.client_id)
    assert len(queries) == 1
    assert (bearer("x" * 30).status_code, bearer("x" * 30).json()) == (200, {"active": False})


@pytest.mark.parametrize("spoil", [
    lambda client: AccessToken.objects.filter(application=client).update(expires=timezone.now()),
    lambda client: AccessToken.objects.filter(application=client).update(scope="openid"),
    lambda client: AccessToken.objects.filter(application=client).update(resource=["https://other.example/"]),
    lambda client: Client.objects.filter(pk=client.pk).update(is_enabled=False),
    lambda client: type(client.user).objects.filter(pk=client.user_id).update(is_active=False),
], ids=["expired", "made for something else", "for another service", "switched off", "its owner's account closed"])  # fmt: skip
def test_who_asks_with_a_token_that_is_not_good_learns_nothing(program, nora, bearer, spoil):
    given = program.tokens(nora)
    assert bearer(given["access_token"]).status_code == 200

    spoil(bearer.client)

    answer = bearer(given["access_token"])
    assert (answer.status_code, answer.content) == (401, b'{"error": "invalid_token"}')


def test_a_persons_token_asks_about_none(program, nora, bearer):
    given = program.tokens(nora)

    assert bearer(given["access_token"], own=given["access_token"]).status_code == 401


def test_tokens_are_not_guessed_here_and_a_good_one_asks_without_limit(monkeypatch, program, nora, bearer):
    monkeypatch.setattr(views, "RATE", "3/minute")
    given = program.tokens(nora)["access_token"]  # counted as well

    assert [bearer(given, own="x" * 30).status_code for _ in range(3)] == [401, 401, 429]
    assert [bearer(given).status_code for _ in range(5)] == [200] * 5


def test_a_token_is_checked_with_its_person_and_what_they_may_do_in_one_query(program, nora):
    api = bearing(program.tokens(nora, scope="openid blog:read")["access_token"])
    api.post("/api/v1/posts/", {})  # that it is refused is noted, once an hour

    with CaptureQueriesContext(connection) as queries:
        answer = api.post("/api/v1/posts/", {})

    assert (answer.status_code, answer.json()["detail"]) == (403, "This needs the scope blog:write.")
    assert len(queries) == 1


def test_what_ends_is_told_as_ended_to_the_next_who_asks(program, nora, service, user):
    given = program.tokens(nora)
    asked = lambda: service(given["access_token"]).json()["active"]  # noqa: E731
    assert asked()

    ban = Ban.objects.create(user=user, scope=Ban.Scope.ALL, reason="spam")
    banned = asked()
    ban.delete()
    pardoned = asked()
    client_id, secret = program.client.client_id, program.secret
    send("/oauth/revoke/", {"token": given["access_token"], "client_id": client_id, "client_secret": secret})

    assert (banned, pardoned, asked()) == (False, True, False)


def test_a_renewed_secret_replaces_the_former_at_once(program, nora, service, maker):
    given = program.tokens(nora)
    assert service(given["access_token"]).status_code == 200

    renewed = clients.renew_secret(client_id=service.client.pk, by=Actor.person(maker))

    assert service(given["access_token"]).status_code == 401
    assert service(given["access_token"], renewed.secret).json()["active"] is True


def test_who_has_no_right_secret_learns_nothing(program, nora, service, maker):
    given = program.tokens(nora)
    public = program_of(maker, is_public=True)

    answers = [
        service(given["access_token"], "wrong"),
        service(given["access_token"], "", public.client.client_id),
        service(given["access_token"], "x", "nobody"),
        service(given["access_token"], "x", "with\0nought"),
        send("/oauth/introspect/", {"token": given["access_token"]}, headers={"Authorization": "Basic ???"}),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert given["access_token"] not in str([answer.content for answer in answers])


def test_guessing_ends_and_a_service_asks_as_often_as_it_is_asked(monkeypatch, program, nora, service):
    monkeypatch.setattr(views, "RATE", "3/minute")
    given = program.tokens(nora)  # counted as well
    assert service(given["access_token"]).status_code == 200

    guesses = [service(given["access_token"], f"guess {n}").status_code for n in range(3)]

    assert guesses == [401, 429, 429]
    assert [service(given["access_token"]).status_code for _ in range(5)] == [200] * 5


def test_a_secret_is_hashed_once(monkeypatch, program, nora, service):
    given, hashed = program.tokens(nora), []
    check = introspection.check_password
    monkeypatch.setattr(introspection, "check_password", lambda *args: hashed.append(1) or check(*args))

    for _ in range(3):
        assert service(given["access_token"]).status_code == 200

    assert hashed == [1]


def test_half_a_question_is_refused(service):
    assert (service("").json(), service("").status_code) == ({"active": False}, 200)


def test_an_id_token_opens_nothing(program, nora):
    """It says who somebody is to a client; it is not for us, nor for another service."""
    id_token = program.tokens(nora)["id_token"]

    assert bearing(id_token).get("/api/v1/me/").status_code == 401
    assert bearing(id_token).get("/api/v1/posts/").status_code == 401
    assert bearing(id_token).get("/oauth/userinfo/").status_code in (401, 403)
