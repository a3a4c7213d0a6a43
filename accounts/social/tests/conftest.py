"""An OpenID Connect provider on this machine, small and strict: discovery, keys, code with PKCE, token, userinfo."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from accounts.social import providers

CLIENT, SECRET = "the-house", "between-us"


class Provider:
    """What people say there is `claims`; codes are given by `agree`, used once, and only with their verifier."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, parameters={"kid": "one"})
        self.claims: dict[str, Any] = {
            "sub": "kiln-7",
            "email": "Ann@Example.org",
            "email_verified": True,
            "name": "Ann Ash",
        }
        self.changes: dict[str, Any] = {}  # to the ID token; None leaves a claim out
        self.gives_id_token = True
        self.codes: dict[str, dict[str, str]] = {}
        self.refusals: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def agree(self, sent_to: str) -> str:
        """The person agrees on the page they were sent to; gives the address they go back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(sent_to).query).items()}
        assert sent_to.startswith(f"{self.url}/authorize?")
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def redeem(self, given: dict[str, str]) -> dict[str, Any] | None:
        asked = self.codes.pop(given.get("code", ""), None)
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or challenge != asked["code_challenge"] or asked["redirect_uri"] != given["redirect_uri"]:
            self.refusals.append(given.get("code", ""))
            return None
        now = int(time.time())
        given_there = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        claims = {**self.claims, **given_there, **self.changes}
        claims = {name: value for name, value in claims.items() if value is not None}
        if not self.gives_id_token:
            return {"access_token": "there", "token_type": "Bearer", "expires_in": 60}
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        return {"access_token": "there", "token_type": "Bearer", "expires_in": 60, "id_token": signed}


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(
                {
                    "/.well-known/openid-configuration": {
                        "issuer": provider.url,
                        "authorization_endpoint": f"{provider.url}/authorize",
                        "token_endpoint": f"{provider.url}/token",
                        "userinfo_endpoint": f"{provider.url}/userinfo",
                        "jwks_uri": f"{provider.url}/keys",
                        "token_endpoint_auth_methods_supported": ["client_secret_post"],
                    },
                    "/keys": {"keys": [provider.key.as_dict(private=False)]},
                    "/userinfo": provider.claims,
                }.get(self.path)
            )

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            given = {name: values[0] for name, values in parse_qs(body).items()}
            known = (given.get("client_id"), given.get("client_secret")) == (CLIENT, SECRET)
            self._answer(provider.redeem(given) if known and self.path == "/token" else None)

        def _answer(self, found: Any) -> None:
            self.send_response(200 if found is not None else 400)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(found or {"error": "invalid_grant"}).encode())

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture
def kiln(settings: Any) -> Iterator[Provider]:
    """The provider, configured here as "kiln"; it does not vouch for addresses that are known here."""
    provider = Provider()
    thread = threading.Thread(target=provider.server.serve_forever)
    thread.start()
    configure(settings, provider)
    yield provider
    provider.server.shutdown()
    thread.join()
    provider.server.server_close()


def configure(settings: Any, provider: Provider, **more: Any) -> None:
    given = {
        "kiln": {"name": "Kiln", "server_url": provider.url, "client_id": CLIENT, "secret": SECRET, **more},
    }
    settings.SOCIALACCOUNT_PROVIDERS = providers.build_providers(given)
    settings.SOCIAL_ORIGINS = providers.get_origins(given)
