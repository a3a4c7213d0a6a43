"""What a client learns about a person, signed by keys that rotate."""

import json
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management import call_command
from django.test import Client as Browser
from django.utils import timezone
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet, RSAKey
from oauth2_provider import settings as toolkit

from accounts.oauth.models import SigningKey
from accounts.oauth.services import signing_keys
from accounts.oauth.tests.conftest import answered, program_of
from core import testing
from core.context import Actor
from core.testing import events_named

pytestmark = pytest.mark.django_db

ISSUER = "http://localhost:8000"
SYSTEM = Actor.system("test")


def jwks():
    return KeySet.import_key_set(Browser().get("/oauth/keys").json())


def read(token, keys=None):
    return jwt.decode(token, keys or jwks(), algorithms=["RS256"])


def test_the_id_token_says_who_it_is_for_whom_and_since_when(program, nora, user):
    before = int(timezone.now().timestamp())

    read_token = read(program.tokens(nora, nonce="n-1", scope="openid email profile")["id_token"])

    claims = read_token.claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == (ISSUER, program.client.client_id, str(user.uid))
    assert (claims["nonce"], claims["email"], claims["email_verified"], claims["name"]) == (
        "n-1",
        user.email,
        True,
        "Nora Quist",
    )
    assert before - 5 <= claims["auth_time"] <= claims["iat"] < claims["exp"] <= claims["iat"] + 601
    assert read_token.header["kid"] == SigningKey.objects.get(state="current").kid


def test_only_what_was_agreed_is_told(program, nora, user):
    given = program.tokens(nora, scope="openid")

    claims = read(given["id_token"]).claims
    told = Browser().get("/oauth/userinfo/", headers={"Authorization": f"Bearer {given['access_token']}"}).json()

    assert told == {"sub": str(user.uid)}
    assert {"email", "name", "picture"} & set(claims) == set()


def test_userinfo_tells_the_same_as_the_token_and_nothing_without_openid(program, nora, user):
    given = program.tokens(nora, scope="openid email profile")
    plain = program.tokens(nora, scope="account:read")

    def ask(token):
        return Browser().get("/oauth/userinfo/", headers={"Authorization": f"Bearer {token}"})

    assert ask(given["access_token"]).json() == {
        "sub": str(user.uid), "email": user.email, "email_verified": True, "name": "Nora Quist", "picture": None, "locale": "en",
    }  # fmt: skip
    assert ask(plain["access_token"]).status_code in (401, 403)
    assert "id_token" not in plain


def test_a_current_and_a_next_key_are_published_without_their_private_parts():
    shown = Browser().get("/oauth/keys")

    keys = shown.json()["keys"]
    assert [SigningKey.objects.get(kid=key["kid"]).state for key in keys] == ["current", "next"]
    assert all(set(key) == {"alg", "use", "kid", "kty", "n", "e"} for key in keys)
    assert "PRIVATE" not in str(testing.snapshot("accounts.SigningKey"))


def test_a_rotation_breaks_no_client_that_knew_the_next_key(program, nora):
    known = jwks()
    old = program.tokens(nora)["id_token"]

    call_command("rotate_signing_key")
    new = program.tokens(nora)["id_token"]

    assert read(new).header["kid"] != read(old).header["kid"]
    assert read(new, known).claims["aud"] == program.client.client_id
    assert jwks().as_dict()["keys"][0]["kid"] == read(new).header["kid"]
    assert len(jwks().keys) == 3
    assert [event.subject_id for event in events_named("signing_key.rotated")] == [read(new).header["kid"]]


def test_a_former_key_is_forgotten_when_all_that_it_signed_has_expired():
    signing_keys.create_initial_keys()
    first = SigningKey.objects.get(state="current").kid
    life = timedelta(seconds=settings.OAUTH2_PROVIDER["ID_TOKEN_EXPIRE_SECONDS"])
    now = timezone.now()

    signing_keys.rotate(by=SYSTEM, now=now)

    assert first in {key.kid for key in signing_keys.get_published_keys(now + life - timedelta(seconds=1))}
    assert first not in {key.kid for key in signing_keys.get_published_keys(now + life)}
    signing_keys.rotate(by=SYSTEM, now=now + life)
    assert not SigningKey.objects.filter(kid=first).exists()


def test_a_token_of_a_stranger_with_our_words_is_not_ours(program, nora):
    signing_keys.create_initial_keys()
    kid = SigningKey.objects.get(state="current").kid
    forged = jwt.encode({"alg": "RS256", "kid": kid}, {"aud": program.client.client_id}, RSAKey.generate_key(2048))

    with pytest.raises(BadSignatureError):
        read(forged)
    answer = Browser().get("/oauth/logout/", {"id_token_hint": forged})
    assert answer.status_code == 400


def test_keys_are_readable_with_a_new_data_key_alone_after_the_rotation_of_those(settings):
    signing_keys.create_initial_keys()
    settings.DATA_KEYS = [Fernet.generate_key().decode(), *settings.DATA_KEYS]
    shown = jwks().as_dict()

    call_command("rotate_keys")

    settings.DATA_KEYS = settings.DATA_KEYS[:1]
    assert jwks().as_dict() == shown


@pytest.mark.django_db(transaction=True)
def test_eight_that_need_the_first_key_at_once_make_two():
    results = testing.race(*[signing_keys.get_published_keys] * 8)

    assert testing.failures(results) == []
    assert sorted(SigningKey.objects.values_list("state", flat=True)) == ["current", "next"]


@pytest.mark.parametrize("address", ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])
def test_both_documents_say_what_is_done_and_no_more(address):
    said = Browser().get(address).json()

    assert said["issuer"] == ISSUER
    assert said["response_types_supported"] == ["code"]
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["authorization_response_iss_parameter_supported"] is True
    assert set(said["grant_types_supported"]) == {
        "authorization_code", "refresh_token", "client_credentials", "urn:ietf:params:oauth:grant-type:device_code",
    }  # fmt: skip
    for name in ("authorization", "token", "revocation", "introspection", "device_authorization"):
        assert said[f"{name}_endpoint"].startswith(f"{ISSUER}/oauth/")
    if "openid" in address:
        assert said["id_token_signing_alg_values_supported"] == ["RS256"]
        assert said["jwks_uri"] == f"{ISSUER}/oauth/keys"
        assert {"sub", "email", "name"} <= set(said["claims_supported"])
    assert "HS256" not in json.dumps(said)


def test_every_rule_of_rfc_9700_that_the_toolkit_knows_is_on():
    rules = {name for name in toolkit.DEFAULTS if name.startswith("COMPLIANT_BCP_")}

    assert len(rules) >= 10
    assert {name: getattr(toolkit.oauth2_settings, name) for name in rules} == dict.fromkeys(rules, True)


def test_signing_out_at_a_client_signs_out_here_after_asking(maker, nora, user):
    program = program_of(maker, logout_uris=["https://rp.example/bye"])
    hint = program.tokens(nora)["id_token"]
    call_command("rotate_signing_key")
    sent = {"id_token_hint": hint, "post_logout_redirect_uri": "https://rp.example/bye", "state": "s2"}

    page = nora.get("/oauth/logout/", sent)
    assert "<bdi>Kiln log</bdi> requests to sign you out here too" in page.content.decode()
    assert "_auth_user_id" in nora.session
    answer = nora.post("/oauth/logout/", {**sent, "allow": "true"})

    assert answered(answer) == {"state": "s2"}
    assert answer["Location"].startswith("https://rp.example/bye")
    assert "_auth_user_id" not in nora.session


def test_who_is_sent_to_sign_out_without_a_way_back_sees_the_front_page(maker, nora):
    program = program_of(maker)

    assert Browser().get("/oauth/logout/")["Location"] == f"{settings.SITE_URL}/"
    nora.get("/oauth/logout/", {"client_id": program.client.client_id})
    answer = nora.post("/oauth/logout/", {"client_id": program.client.client_id, "allow": "true"})

    assert answer["Location"] == f"{settings.SITE_URL}/"
    assert "_auth_user_id" not in nora.session


@pytest.mark.parametrize(
    "wrong",
    [
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"client_id": "none"},
        {"id_token_hint": "x"},
        {"id_token_hint": "e30.e30.x"},
    ],
    ids=str,
)
def test_signing_out_sends_nobody_elsewhere(maker, nora, wrong):
    program = program_of(maker, logout_uris=["https://rp.example/bye"])
    sent = {"client_id": program.client.client_id, "post_logout_redirect_uri": "https://rp.example/bye"} | wrong

    assert nora.get("/oauth/logout/", sent).status_code == 400
    assert "_auth_user_id" in nora.session
