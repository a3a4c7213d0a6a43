"""A user creates an API key and an OAuth client, authorises the client and revokes it. Each page passes axe."""

import hashlib
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests.e2e.inspection import Inspector


class Back(BaseHTTPRequestHandler):
    """The redirect URI of the client."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel='icon' href='data:,'><title>Back</title><h1>Welcome back</h1>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def back() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Back)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/back"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_key_and_a_client_from_first_to_last(visitors, back):
    inspector = Inspector({})
    person = visitors()
    person.sign_in("customer@example.com", then="/account/api-keys/")
    page = person.page
    inspector.look(page)

    person.follow("New API key")
    inspector.look(page)
    page.get_by_role("textbox", name="Name").fill("Script")
    page.get_by_label("Read your orders").check()
    person.press("Create key")
    assert page.get_by_label("Key", exact=True).input_value().startswith("agr_")
    inspector.look(page)
    person.follow("Done")
    inspector.look(page)

    person.goto("/account/clients/new/")
    inspector.look(page)
    page.get_by_role("textbox", name="Name").fill("Kiln log")
    page.get_by_label("Web or mobile app (authorization code)").check()
    page.get_by_label("Confirm your identity").check()
    page.get_by_label("Read your profile").check()
    page.get_by_role("textbox", name="Redirect URIs (optional)", exact=True).fill(back)
    person.press("Save")
    client_id = page.get_by_label("Client ID").input_value()
    inspector.look(page)
    person.follow("Done")
    inspector.look(page)

    challenge = urlsafe_b64encode(hashlib.sha256(b"v" * 50).digest()).rstrip(b"=").decode()
    query = {
        "client_id": client_id,
        "redirect_uri": back,
        "response_type": "code",
        "scope": "openid account:read",
        "state": "s1",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    person.goto(f"/oauth/authorize/?{urlencode(query)}")
    person.sees("Allow Kiln log to use your account?", "Read your profile")
    inspector.look(page)
    person.press("Allow")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert "code=" in page.url
    assert "iss=" in page.url

    person.goto("/oauth/device/")
    inspector.look(page)
    person.goto("/account/connected-apps/")
    inspector.look(page)
    person.press("Remove access")
    person.sees("“Kiln log” can no longer use your account.")
    inspector.look(page, is_whole=False)
    assert not inspector.findings, inspector.report()
