"""The app of docs/accounts.md, run as it stands there in 20 lines, over HTTP."""

import pytest

from accounts.headless.tests.fake_app_client import code_now, with_app
from accounts.sessions.models import Device
from accounts.tests.factories import PASSWORD, UserFactory
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def app(settings, live_server, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("AGORA", live_server.url)
    text = (settings.BASE_DIR / "docs" / "accounts.md").read_text()
    lines = text.split("# A mobile or single-page app")[1].split("```python\n")[1].split("```")[0]
    assert len(lines.splitlines()) <= 20
    room: dict = {}
    exec(compile(lines, "docs/accounts.md", "exec"), room)
    return room["App"]()


def test_it_signs_in_refreshes_and_signs_out(app):
    user = UserFactory(email="nora@example.com")

    assert app.sign_in(user.email, PASSWORD)[0] == 200
    status, me = app.ask("GET", "/api/v1/me/")
    assert (status, me["uid"]) == (200, str(user.uid))

    former = dict(app.kept)
    assert app.refresh()[0] == 200
    assert app.kept["refresh_token"] != former["refresh_token"]
    assert app.kept["device_token"] == former["device_token"]
    assert app.ask("PATCH", "/api/v1/me/", name="Nora Quist")[1]["name"] == "Nora Quist"

    assert app.ask("DELETE", "/_allauth/app/v1/auth/session")[0] == 401
    assert app.ask("GET", "/api/v1/me/")[0] == 401
    assert app.sign_in(user.email, PASSWORD)[0] == 200
    assert Device.objects.count() == 1
    assert no_event("user.signed_in_on_new_device")


def test_it_is_asked_for_the_second_factor(app):
    user = UserFactory()
    with_app(user)

    status, told = app.sign_in(user.email, PASSWORD)
    assert status == 401
    assert "mfa_authenticate" in [flow["id"] for flow in told["data"]["flows"]]
    assert app.ask("POST", "/_allauth/app/v1/auth/2fa/authenticate", code=code_now())[0] == 200

    assert app.ask("GET", "/api/v1/me/")[0] == 200
    assert app.refresh()[0] == 200
    assert len(events_named("user.signed_in")) == 1
