"""Requests of the provider with parameters that are too long, repeated or of another response mode."""

import pytest

from accounts.oauth import parameters
from accounts.oauth.models import AuthorizationCode, DeviceGrant
from accounts.oauth.tests.conftest import answered, send

pytestmark = pytest.mark.django_db

NAMES = (
    "nonce", "code_challenge", "state", "scope", "client_id", "redirect_uri", "response_type", "code_challenge_method",
    "prompt", "max_age", "claims", "resource", "ui_locales", "login_hint", "display", "acr_values", "id_token_hint",
    "response_mode", "request", "request_uri", "unknown",
)  # fmt: skip


def too_long(name):
    return "x" * (parameters.MAX_LENGTHS.get(name, parameters.DEFAULT_LENGTH) + 1)


@pytest.mark.parametrize("name", NAMES)
def test_overlong_parameter_of_authorize_is_400(program, nora, name):
    asked = program.ask(nora, **{name: too_long(name)})
    sent = nora.post("/oauth/authorize/", program.asking(**{name: too_long(name)}) | {"allow": "true"})

    for answer in (asked, sent):
        assert (answer.status_code, "Location" in answer) == (400, False)
        assert name in answer.content.decode()
    assert not AuthorizationCode.objects.exists()


@pytest.mark.parametrize(("name", "value"), [("nonce", "n" * 255), ("state", "s" * 2000)], ids=str)
def test_longest_parameters_work(program, nora, name, value):
    assert "code" in answered(program.consent(nora, **{name: value}))


@pytest.mark.parametrize("path", ["token", "revoke", "introspect", "device-authorization"])
@pytest.mark.parametrize("name", ["client_id", "code", "code_verifier", "device_code", "scope", "token", "resource"])
def test_overlong_parameter_of_other_endpoints_is_400(program, path, name):
    answer = send(f"/oauth/{path}/", {name: too_long(name)})

    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["error_description"].startswith(f"{name} is too long")
    assert not DeviceGrant.objects.exists()


def test_overlong_parameter_of_logout_is_400(nora):
    assert nora.get("/oauth/logout/", {"state": "s" * 2001}).status_code == 400


def test_parameter_given_too_often_is_400(program, nora):
    asking = program.asking() | {"resource": ["https://a.example/"] * 11}

    assert nora.get("/oauth/authorize/", asking).status_code == 400


@pytest.mark.parametrize("mode", ["fragment", "form_post", "query.jwt", ""])
def test_other_response_modes_are_refused(program, nora, mode):
    answer = program.ask(nora, response_mode=mode)

    assert (answer.status_code, "Location" in answer) == (400, False)
    assert "response_mode must be query" in answer.content.decode()


@pytest.mark.parametrize("prompt", ["none", None])
def test_response_mode_query_carries_iss_once(program, nora, prompt):
    refused = program.ask(nora, prompt="none", response_mode="query")["Location"]
    program.tokens(nora)
    given = program.ask(nora, prompt=prompt, response_mode="query")["Location"]

    assert refused.count("iss=") == given.count("iss=") == 1


@pytest.mark.parametrize("address", ["openid-configuration", "oauth-authorization-server"])
def test_discovery_names_what_is_supported(client, address):
    said = client.get(f"/.well-known/{address}").json()

    assert "none" in said["token_endpoint_auth_methods_supported"]
    assert "none" in said["revocation_endpoint_auth_methods_supported"]
    assert "none" not in said["introspection_endpoint_auth_methods_supported"]
    assert said["response_modes_supported"] == ["query"]
