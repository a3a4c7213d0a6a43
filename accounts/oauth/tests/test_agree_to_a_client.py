"""What a person is asked before a client acts for them, and what nobody can get round."""

import pytest
from django.test import Client as Browser

from accounts.oauth.models import AuthorizationCode, Consent
from accounts.oauth.services import consents
from accounts.oauth.tests.conftest import BACK, answered, bearing, program_of
from accounts.tests.factories import PASSWORD
from core.context import Actor
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db

ISSUER = "http://localhost:8000"


def test_a_person_agrees_and_the_client_acts_for_them_as_far_as_agreed(program, nora, user):
    page = program.ask(nora)
    assert "Allow <bdi>Kiln log</bdi> to use your account?" in page.content.decode()
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


def test_a_consent_is_remembered_for_this_client_and_not_for_another(program, nora, maker):
    program.tokens(nora)

    assert "code" in answered(program.ask(nora))
    assert program.ask(nora, scope="openid account:read email").status_code == 200
    assert program_of(maker).ask(nora).status_code == 200


def test_whoever_refuses_is_sent_back_and_nothing_is_kept(program, nora):
    back = answered(program.consent(nora, allow=False))

    assert (back["error"], back["state"], back["iss"]) == ("access_denied", "s1", ISSUER)
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

    back = answered(answer)
    assert (back["state"], back["iss"]) == ("s1", ISSUER)
    assert back["error"] in {"invalid_request", "invalid_scope", "unsupported_response_type", "unauthorized_client"}
    assert not AuthorizationCode.objects.exists()


def test_a_withdrawn_consent_ends_all_tokens_of_this_client(program, nora, maker, user):
    given, other = program.tokens(nora), program_of(maker).tokens(nora)
    page = nora.get("/account/connected-apps/").content.decode()
    consent = Consent.objects.get(client=program.client)
    assert f"/account/connected-apps/{consent.uid}/withdraw/" in page

    answer = nora.post(f"/account/connected-apps/{consent.uid}/withdraw/")

    assert (answer.status_code, answer["Location"]) == (303, "/account/connected-apps/")
    assert bearing(given["access_token"]).get("/api/v1/me/").status_code == 401
    assert program.refresh(given["refresh_token"]).status_code == 400
    assert program.ask(nora).status_code == 200
    assert bearing(other["access_token"]).get("/api/v1/me/").status_code == 200
    assert len(events_named("consent.withdrawn")) == 1


def test_nobody_withdraws_for_another(program, nora, stranger):
    program.tokens(nora)
    elsewhere = Browser()
    elsewhere.force_login(stranger)

    assert elsewhere.post(f"/account/connected-apps/{Consent.objects.get().uid}/withdraw/").status_code == 404
    with pytest.raises(consents.Denied):
        consents.withdraw_consent(consent_id=Consent.objects.get().pk, by=Actor.person(stranger))
    assert no_event("consent.withdrawn")


def test_the_form_of_the_consent_page_may_lead_to_the_client_and_nowhere_else(program, nora):
    policy = program.ask(nora)["Content-Security-Policy"]

    assert "form-action 'self' https://rp.example;" in policy + ";"
    assert "rp.example" not in nora.get("/account/connected-apps/")["Content-Security-Policy"]


def test_agreeing_takes_a_csrf_token(program, user):
    nora = Browser(enforce_csrf_checks=True)
    nora.force_login(user)
    form = program.asking() | {"allow": "true"}

    assert nora.post("/oauth/authorize/", form).status_code == 403
    assert not Consent.objects.exists()


def test_who_is_not_signed_in_signs_in_first(program):
    answer = program.ask(Browser())

    assert answer["Location"].startswith("/account/login/?next=/oauth/authorize/")
