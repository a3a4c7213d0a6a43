"""Codes, consent, tokens: what a client gets, and what nobody gets."""

import pytest
from django.test import Client as Browser
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import AccessToken, AuthorizationCode, Client, Consent, RefreshToken
from accounts.services import clients, consents
from accounts.tests.factories import PASSWORD
from accounts.tests.oauth.conftest import BACK, answered, program_of, send
from core import testing
from core.context import Actor
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db


def bearing(token):
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return api


def test_a_person_agrees_and_the_client_acts_for_them_as_far_as_agreed(program, nora, user):
    page = program.ask(nora)
    assert "Let Kiln log act for you?" in page.content.decode()
    assert "Read your profile" in page.content.decode()

    back = answered(program.consent(nora))
    given = program.redeem(back["code"])

    assert (back["state"], back["iss"]) == ("s1", "http://localhost:8000")
    assert (given["Cache-Control"], given.json()["expires_in"], given.json()["token_type"]) == (
        "no-store",
        600,
        "Bearer",
    )
    api = bearing(given.json()["access_token"])
    assert api.get("/api/v1/me/").json()["email"] == user.email
    assert api.patch("/api/v1/me/", {"name": "No"}).json()["detail"] == "This needs the scope account:write."
    assert [event.data for event in events_named("consent.given")] == [
        {"client": program.client.client_id, "scopes": ["account:read", "openid"]}
    ]


def test_what_opens_something_is_not_in_the_database(program, nora):
    code = program.code(nora)
    given = program.redeem(code).json()

    kept = str(
        testing.snapshot(
            "accounts.AuthorizationCode", "accounts.AccessToken", "accounts.RefreshToken", "accounts.Client"
        )
    )

    for secret in (code, given["access_token"], given["refresh_token"], program.secret):
        assert secret not in kept


def test_a_consent_is_remembered_for_this_client_and_not_for_another(program, nora, maker):
    program.tokens(nora)

    assert "code" in answered(program.ask(nora))
    assert program.ask(nora, scope="openid account:read email").status_code == 200
    assert program_of(maker).ask(nora).status_code == 200


def test_whoever_refuses_is_sent_back_and_nothing_is_kept(program, nora):
    back = answered(program.consent(nora, allow=False))

    assert back["error"] == "access_denied"
    assert not Consent.objects.exists()
    assert not AuthorizationCode.objects.exists()


def test_prompt_none_never_goes_round_the_consent(program, nora, maker):
    other = program_of(maker)
    other.tokens(nora)

    stranger = answered(program.ask(nora, prompt="none"))
    known = answered(other.ask(nora, prompt="none"))
    more = answered(other.ask(nora, prompt="none", scope="openid email"))
    plain = answered(program.ask(nora, prompt="none", scope="account:read"))
    nobody = answered(other.ask(Browser(), prompt="none"))

    assert stranger["error"] == more["error"] == plain["error"] == "consent_required"
    assert "code" in known
    assert nobody["error"] == "login_required"
    assert {back["iss"] for back in (stranger, known, more, plain, nobody)} == {"http://localhost:8000"}
    assert AuthorizationCode.objects.filter(application=program.client).count() == 0


def test_the_toolkits_own_way_round_the_page_is_closed(program, nora):
    program.tokens(nora)

    assert program.ask(nora, prompt="consent", approval_prompt="auto").status_code == 200
    assert program.ask(nora, scope="openid email", approval_prompt="auto").status_code == 200


def test_prompt_login_and_max_age_ask_once_more_who_one_is(program, nora, user):
    program.tokens(nora)

    for more in ({"prompt": "login"}, {"max_age": "0"}):
        asked = program.ask(nora, **more)
        assert asked["Location"].startswith("/account/reauthenticate/?next=%2Foauth%2Fauthorize%2F")
        assert "max_age" not in asked["Location"]
        assert "login" not in asked["Location"]
    assert answered(program.ask(nora, prompt="none", max_age="0"))["error"] == "login_required"
    assert nora.post(asked["Location"], {"password": PASSWORD}).status_code == 302
    assert "code" in answered(program.ask(nora, max_age="60"))


@pytest.mark.parametrize(
    "address",
    [BACK + "/", BACK + "?x=1", BACK + "#x", "https://rp.example.evil.example/back", "http://rp.example/back", "https://RP.example/back/../back", "https://x@rp.example/back"],
)  # fmt: skip
def test_addresses_are_compared_letter_by_letter_and_nobody_is_sent_elsewhere(program, nora, address):
    answer = program.ask(nora, redirect_uri=address)

    assert answer.status_code == 400
    assert "Location" not in answer


@pytest.mark.parametrize(
    "changes",
    [
        {"code_challenge": None, "code_challenge_method": None},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"response_type": "id_token", "nonce": "n"},
        {"response_type": "code token"},
        {"scope": "openid shop:write"},
        {"scope": "introspection"},
    ],
    ids=str,
)
@pytest.mark.parametrize("public", [True, False])
def test_nothing_weaker_than_a_code_with_pkce_s256(maker, nora, changes, public):
    program = program_of(maker, is_public=public)

    answer = program.ask(nora, **changes)
    answer = program.consent(nora, **changes) if answer.status_code == 200 else answer

    assert "error" in answered(answer)
    assert not AuthorizationCode.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": None}, {"code_verifier": "x" * 50}, {"redirect_uri": "https://rp.example/other"}, {"code": "x"}],
    ids=str,
)
def test_a_code_is_no_use_without_all_that_belongs_to_it(program, nora, changes):
    answer = program.redeem(program.code(nora), **changes)

    assert answer.status_code in (400, 401)
    assert not AccessToken.objects.exists()


def test_a_code_is_no_use_to_another_client_or_without_the_secret(program, nora, maker):
    other = program_of(maker)
    other.verifier = program.verifier
    code = program.code(nora)

    assert other.redeem(code).json()["error"] == "invalid_grant"
    assert (
        program.token(
            auth=False, grant_type="authorization_code", code=code, redirect_uri=BACK, code_verifier=program.verifier
        ).status_code
        == 401
    )
    assert not AccessToken.objects.exists()


def test_a_code_works_for_a_minute(program, nora):
    code = program.code(nora)
    AuthorizationCode.objects.update(expires=timezone.now())

    assert program.redeem(code).json()["error"] == "invalid_grant"


def test_a_code_that_comes_twice_ends_all_that_it_gave(program, nora):
    code = program.code(nora)
    first = program.redeem(code).json()
    second = program.refresh(first["refresh_token"]).json()

    again = program.redeem(code)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert bearing(second["access_token"]).get("/api/v1/me/").status_code == 401
    assert program.refresh(second["refresh_token"]).status_code == 400
    assert events_named("client.reused")[0].data["what"] == "code"


def test_a_refresh_gives_new_tokens_and_the_old_ones_end(program, nora):
    first = program.tokens(nora)

    second = program.refresh(first["refresh_token"]).json()

    assert {"access_token", "refresh_token"} <= set(second)
    assert second["refresh_token"] != first["refresh_token"]
    assert bearing(first["access_token"]).get("/api/v1/me/").status_code == 401
    assert bearing(second["access_token"]).get("/api/v1/me/").status_code == 200


def test_a_refresh_token_that_comes_twice_ends_its_family_and_no_other(program, nora):
    first, other = program.tokens(nora), program.tokens(nora)
    second = program.refresh(first["refresh_token"]).json()

    again = program.refresh(first["refresh_token"])

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert program.refresh(second["refresh_token"]).status_code == 400
    assert bearing(second["access_token"]).get("/api/v1/me/").status_code == 401
    assert bearing(other["access_token"]).get("/api/v1/me/").status_code == 200
    assert events_named("client.reused")[0].subject_id == program.client.client_id


def test_a_refresh_token_is_no_use_to_another_client_and_loses_nothing_by_the_try(program, nora, maker):
    given = program.tokens(nora)

    assert program_of(maker).refresh(given["refresh_token"]).status_code == 400
    assert program.refresh(given["refresh_token"]).status_code == 200


def test_a_refresh_token_that_lies_for_a_month_has_expired(program, nora):
    given = program.tokens(nora)
    AccessToken.objects.update(expires=timezone.now() - timezone.timedelta(days=30, seconds=1))

    assert program.refresh(given["refresh_token"]).status_code == 400


def test_a_withdrawn_consent_ends_all_tokens_of_this_client(program, nora, maker, user):
    given, other = program.tokens(nora), program_of(maker).tokens(nora)
    page = nora.get("/account/programs/").content.decode()
    consent = Consent.objects.get(client=program.client)
    assert f"/account/programs/{consent.uid}/withdraw/" in page

    answer = nora.post(f"/account/programs/{consent.uid}/withdraw/")

    assert (answer.status_code, answer["Location"]) == (303, "/account/programs/")
    assert bearing(given["access_token"]).get("/api/v1/me/").status_code == 401
    assert program.refresh(given["refresh_token"]).status_code == 400
    assert program.ask(nora).status_code == 200
    assert bearing(other["access_token"]).get("/api/v1/me/").status_code == 200
    assert len(events_named("consent.withdrawn")) == 1


def test_nobody_withdraws_for_another(program, nora, stranger):
    program.tokens(nora)
    elsewhere = Browser()
    elsewhere.force_login(stranger)

    assert elsewhere.post(f"/account/programs/{Consent.objects.get().uid}/withdraw/").status_code == 404
    with pytest.raises(consents.Denied):
        consents.withdraw(consent_id=Consent.objects.get().pk, by=Actor.person(stranger))
    assert no_event("consent.withdrawn")


def test_only_ones_own_tokens_can_be_revoked(program, nora, maker):
    given, other = program.tokens(nora), program_of(maker)

    def revoke(by, token):
        return send(
            "/oauth/revoke/", {"token": token, "client_id": by.client.client_id, "client_secret": by.secret}
        ).status_code

    assert revoke(other, given["access_token"]) == 200
    assert bearing(given["access_token"]).get("/api/v1/me/").status_code == 200
    assert revoke(program, given["refresh_token"]) == 200
    assert bearing(given["access_token"]).get("/api/v1/me/").status_code == 401
    assert program.refresh(given["refresh_token"]).status_code == 400


@pytest.mark.parametrize("spoil", [
    lambda given, program, user: AccessToken.objects.update(expires=timezone.now()),
    lambda given, program, user: Client.objects.update(is_enabled=False),
    lambda given, program, user: type(user).objects.filter(pk=user.pk).update(is_active=False),
    lambda given, program, user: AccessToken.objects.update(resource=["https://other.example/"]),
    lambda given, program, user: RefreshToken.objects.get().revoke(),
], ids=["expired", "client switched off", "account closed", "wrong audience", "revoked"])  # fmt: skip
def test_a_token_that_is_not_good_opens_nothing_and_is_told_as_inactive(program, nora, user, maker, spoil):
    given = program.tokens(nora)
    watcher = program_of(maker, flow=clients.ITSELF, scopes=["introspection"])
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
    service = program_of(maker, flow=clients.ITSELF, scopes=["introspection"])
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
    assert send("/oauth/introspect/", sent).status_code == 403
    assert Browser().get("/oauth/introspect/", {**sent, "client_secret": service.secret}).status_code == 405


def test_a_client_without_people_may_do_nothing_that_is_theirs(maker):
    service = program_of(maker, flow=clients.ITSELF, scopes=["introspection"])

    given = service.token(grant_type="client_credentials").json()

    api = bearing(given["access_token"])
    assert (given["scope"], "refresh_token" in given) == ("introspection", False)
    assert api.get("/api/v1/me/").json()["detail"] == "This needs the scope account:read."
    assert api.get("/api/v1/posts/").status_code == 200
    with pytest.raises(clients.NoSuchScope):
        program_of(maker, flow=clients.ITSELF, scopes=["shop:read"])


@pytest.mark.parametrize(
    "sent",
    [{"grant_type": "password", "username": "nora@example.com", "password": PASSWORD}, {"grant_type": "implicit"}, {}],
    ids=str,
)
def test_no_other_way_to_a_token(program, user, sent):
    answer = program.token(**sent)

    assert (answer.status_code, answer.json()["error"] in {"unsupported_grant_type", "unauthorized_client"}) == (
        400,
        True,
    )
    assert not AccessToken.objects.exists()


def test_a_token_in_the_address_is_not_looked_at(program, nora):
    given = program.tokens(nora)

    assert Browser().get("/oauth/userinfo/", {"access_token": given["access_token"]}).status_code == 400
    assert send("/oauth/userinfo/", {"access_token": given["access_token"]}).status_code == 400
    assert Browser().get("/api/v1/me/", {"access_token": given["access_token"]}).status_code == 401


def test_the_form_of_the_consent_page_may_lead_to_the_client_and_nowhere_else(program, nora):
    policy = program.ask(nora)["Content-Security-Policy"]

    assert "form-action 'self' https://rp.example;" in policy + ";"
    assert "rp.example" not in nora.get("/account/programs/")["Content-Security-Policy"]


def test_agreeing_takes_a_csrf_token(program, user):
    nora = Browser(enforce_csrf_checks=True)
    nora.force_login(user)
    form = program.asking() | {"allow": "true"}

    assert nora.post("/oauth/authorize/", form).status_code == 403
    assert not Consent.objects.exists()


def test_who_is_not_signed_in_signs_in_first(program):
    answer = program.ask(Browser())

    assert answer["Location"].startswith("/account/login/?next=/oauth/authorize/")


@pytest.mark.django_db(transaction=True)
def test_of_eight_that_redeem_one_code_at_once_one_gets_tokens(program, nora):
    code = program.code(nora)

    answers = testing.race(*[lambda: program.redeem(code).status_code] * 8)

    assert sorted(answers) == [200] + [400] * 7


@pytest.mark.django_db(transaction=True)
def test_of_eight_that_refresh_at_once_one_gets_tokens(program, nora):
    given = program.tokens(nora)

    answers = testing.race(*[lambda: program.refresh(given["refresh_token"]).status_code] * 8)

    assert sorted(answers) == [200] + [400] * 7


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_several_get_tokens_or_break(monkeypatch, program, nora):
    given = program.tokens(nora)
    for model in (RefreshToken, AccessToken):
        monkeypatch.setattr(type(model.objects.all()), "select_for_update", lambda self, **_: self)

    answers = testing.race(*[lambda: program.refresh(given["refresh_token"]).status_code] * 8)

    assert sorted(answers, key=str) != [200] + [400] * 7
