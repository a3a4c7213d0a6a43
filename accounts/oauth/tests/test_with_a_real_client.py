"""A client that others wrote, over HTTP: what it expects of a provider is what it finds."""

import threading
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from django.core.management import call_command
from joserfc import jwt
from joserfc.jwk import KeySet

from accounts.oauth import backchannel
from accounts.oauth.models import Client
from accounts.oauth.services import clients
from accounts.oauth.tests.conftest import BACK, program_of, signed_in
from accounts.sessions.models import ClientSession

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(live_server, settings, monkeypatch):
    """Our address, and what the first document says of us."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("NO_PROXY", "*")
    settings.SITE_URL = live_server.url
    settings.OAUTH2_PROVIDER = {**settings.OAUTH2_PROVIDER, "OIDC_ISS_ENDPOINT": live_server.url}
    return requests.get(f"{live_server.url}/.well-known/openid-configuration", timeout=10).json()


def session_of(program, **more):
    return OAuth2Session(
        program.client.client_id, program.secret, redirect_uri=BACK, scope="openid email account:read", **more
    )


def sign_in(session, site, nora, program):
    """The person's part, in a browser: agree, and carry the code back."""
    address, state = session.create_authorization_url(
        site["authorization_endpoint"], code_verifier=program.verifier, nonce="n-1"
    )
    query = dict(parse_qsl(urlsplit(address).query))
    answer = nora.get("/oauth/authorize/", query)
    if answer.status_code == 200:
        form = {name: value for name, value in answer.context["form"].initial.items() if value is not None}
        answer = nora.post("/oauth/authorize/", {**form, "allow": "true"})
    assert dict(parse_qsl(urlsplit(answer["Location"]).query))["iss"] == site["issuer"]
    return session.fetch_token(
        site["token_endpoint"], authorization_response=answer["Location"], state=state, code_verifier=program.verifier
    )


def test_code_with_pkce_id_token_before_and_after_a_rotation_refresh_and_revocation(site, nora, program, user):
    session = session_of(program, code_challenge_method="S256")

    first = sign_in(session, site, nora, program)
    call_command("rotate_signing_key")
    second = sign_in(session_of(program, code_challenge_method="S256"), site, nora, program)

    keys = KeySet.import_key_set(requests.get(site["jwks_uri"], timeout=10).json())
    rules = jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": site["issuer"]},
        aud={"essential": True, "value": program.client.client_id},
        nonce={"essential": True, "value": "n-1"},
    )
    told = [jwt.decode(given["id_token"], keys, algorithms=["RS256"]) for given in (first, second)]
    for token in told:
        rules.validate(token.claims)
        assert token.claims["sub"] == str(user.uid)
    assert told[0].header["kid"] != told[1].header["kid"]
    assert session.get(site["userinfo_endpoint"]).json()["email"] == user.email
    assert session.get(f"{site['issuer']}/api/v1/me/").json()["uid"] == str(user.uid)
    renewed = session.refresh_token(site["token_endpoint"], refresh_token=first["refresh_token"])
    assert renewed["access_token"] != first["access_token"]
    assert session.revoke_token(site["revocation_endpoint"], token=renewed["refresh_token"]).status_code == 200
    assert session.get(f"{site['issuer']}/api/v1/me/").status_code == 401


def test_client_credentials_and_introspection(site, nora, program, maker, user):
    token = sign_in(session_of(program, code_challenge_method="S256"), site, nora, program)["access_token"]
    service = program_of(maker, flow=clients.CLIENT_CREDENTIALS, scopes=["introspection"])
    session = OAuth2Session(service.client.client_id, service.secret, scope="introspection")

    assert session.fetch_token(site["token_endpoint"], grant_type="client_credentials")["scope"] == "introspection"
    told = session.introspect_token(site["introspection_endpoint"], token=token).json()

    assert (told["active"], told["sub"], told["scope"]) == (True, str(user.uid), "openid email account:read")


def test_the_guard_of_another_service_from_the_documentation(site, nora, program, maker, user, settings, monkeypatch):
    """The 20 lines of docs/accounts.md, run as they stand there."""
    text = (settings.BASE_DIR / "docs" / "accounts.md").read_text()
    lines = text.split("```python\n")[1].split("```")[0]
    assert len(lines.splitlines()) <= 20
    service = program_of(maker, flow=clients.CLIENT_CREDENTIALS, scopes=["introspection"])
    monkeypatch.setenv("AGORA", site["issuer"])
    monkeypatch.setenv("CLIENT_ID", service.client.client_id)
    monkeypatch.setenv("CLIENT_SECRET", service.secret)
    room: dict = {}
    exec(compile(lines, "docs/accounts.md", "exec"), room)
    token = sign_in(session_of(program, code_challenge_method="S256"), site, nora, program)["access_token"]

    def ask(header):
        said = []
        body = room["app"]({"HTTP_AUTHORIZATION": header}, lambda status, headers: said.append(status))
        return said[0][:3], b"".join(body).decode()

    assert ask(f"Bearer {token}") == ("200", f"Hello {user.uid}")
    assert ask("Bearer nonsense")[0] == ask("")[0] == "401"


def test_the_receiver_of_sign_outs_from_the_documentation(site, user, maker, settings, monkeypatch):
    """The lines of docs/accounts.md, run as they stand there, before and after a rotation."""
    text = (settings.BASE_DIR / "docs" / "accounts.md").read_text()
    lines = text.split("### Back-channel logout")[1].split("```python\n")[1].split("```")[0]
    program = program_of(maker)
    monkeypatch.setenv("AGORA", site["issuer"])
    monkeypatch.setenv("CLIENT_ID", program.client.client_id)
    room: dict = {}
    exec(compile(lines, "docs/accounts.md", "exec"), room)
    with wsgi_server(room["app"]) as address:
        Client.objects.update(backchannel_logout_uri=address)
        for number in (1, 2):
            browser = signed_in(user)
            given = sign_in(session_of(program, code_challenge_method="S256"), site, browser, program)
            keys = KeySet.import_key_set(requests.get(site["jwks_uri"], timeout=10).json())
            sid = jwt.decode(given["id_token"], keys, algorithms=["RS256"]).claims["sid"]
            room["SESSIONS"] |= {sid: "here", "other": "elsewhere"}

            browser.post("/account/logout/")
            backchannel.send_due(program.client.pk)

            assert room["SESSIONS"] == {"other": "elsewhere"}
            assert ClientSession.objects.filter(state="told", answer="200").count() == number
            call_command("rotate_signing_key")

        for wrong in (given["id_token"], "nonsense", ""):
            assert requests.post(address, {"logout_token": wrong}, timeout=10).status_code == 400
        assert requests.post(address, {}, timeout=10).status_code == 400
    assert room["SESSIONS"] == {"other": "elsewhere"}


@contextmanager
def wsgi_server(app):
    """A service at an address of its own."""
    server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/out"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        """Says nothing."""


def test_a_device(site, nora, maker):
    kiln = program_of(
        maker,
        name="Kiln",
        flow="urn:ietf:params:oauth:grant-type:device_code",
        redirect_uris=[],
        is_public=True,
        scopes=["account:read"],
    )
    asked = requests.post(
        site["device_authorization_endpoint"], {"client_id": kiln.client.client_id, "scope": "account:read"}, timeout=10
    ).json()
    nora.post("/oauth/device/", {"user_code": asked["user_code"], "decision": "allow"})
    session = OAuth2Session(kiln.client.client_id, token_endpoint_auth_method="none")

    given = session.fetch_token(
        site["token_endpoint"], grant_type=kiln.client.authorization_grant_type, device_code=asked["device_code"]
    )

    assert session.get(f"{site['issuer']}/api/v1/me/").status_code == 200
    assert given["expires_in"] == 600
