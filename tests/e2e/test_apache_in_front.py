"""A service behind Apache with mod_auth_openidc shows the signed-in user, as docs/accounts.md describes."""

import secrets

import pytest

from tests.e2e import apache
from tests.e2e.site import ROOT, Site

pytestmark = pytest.mark.skipif(bool(apache.missing()), reason=apache.missing())

NAME = "Wiki behind Apache"


@pytest.fixture
def wiki(visitors, site: Site, tmp_path_factory):
    """Return the address of the service with a registered client."""
    port = apache.free_port()
    here = f"http://127.0.0.1:{port}"
    client_id, secret = register(visitors(), f"{here}/signed-in")
    text = (ROOT / "docs" / "accounts.md").read_text().split("```apache\n")[1].split("```")[0]
    with apache.service() as behind:
        variables = {
            "AGORA": site.url,
            "CLIENT_ID": client_id,
            "CLIENT_SECRET": secret,
            "HERE": here,
            "PASSPHRASE": secrets.token_urlsafe(32),
            "BEHIND": behind,
        }
        with apache.running(tmp_path_factory.mktemp("apache"), port, text, variables):
            yield here


def register(maker, back):
    maker.sign_in("author@example.com", then="/account/clients/new/")
    page = maker.page
    page.get_by_role("textbox", name="Name").fill(NAME)
    page.get_by_label("Web or mobile app (authorization code)").check()
    for words in ("Confirm your identity", "See your name and picture", "See your email address"):
        page.get_by_label(words).check()
    page.get_by_role("textbox", name="Redirect URIs (optional)", exact=True).fill(back)
    page.get_by_label("Back-channel logout URL").fill(f"{back}?logout=backchannel")
    maker.press("Save")
    return page.get_by_label("Client ID").input_value(), page.get_by_label("Client secret").input_value()


def test_service_requires_sign_in_and_consent(wiki, site, visitors):
    person = visitors()
    page = person.page

    page.goto(f"{wiki}/pages/kiln")
    assert page.url.startswith(f"{site.url}/account/login/?next=/oauth/authorize/")
    page.get_by_label("Email address", exact=True).fill("maya.hernandez@example.com")
    page.get_by_label("Password", exact=True).fill("clay-and-fire")
    person.press("Sign in")
    person.sees(f"Allow {NAME} to use your account?", "See your email address")
    person.press("Allow")

    page.wait_for_url(f"{wiki}/pages/kiln")
    (uid,) = site.rows("SELECT uid FROM accounts_user WHERE email = 'maya.hernandez@example.com'")[0]
    person.sees(
        f"OIDC_CLAIM_sub: {uid}", "OIDC_CLAIM_email: maya.hernandez@example.com", "OIDC_CLAIM_email_verified: 1"
    )
    person.sees(f"OIDC_CLAIM_iss: {site.url}")


def test_who_refuses_is_not_let_in(wiki, visitors):
    person = visitors()
    person.expects("401")
    person.sign_in("maya.hernandez@example.com")
    person.goto(f"{wiki}/pages/kiln")

    person.press("Cancel")

    person.page.wait_for_load_state()
    assert "OIDC_CLAIM" not in person.page.content()
    assert "Wiki</h1>" not in person.page.content()


def test_who_signs_out_here_is_signed_out_there(wiki, site, visitors):
    person = visitors()
    person.sign_in("yuki.tanaka@example.org")
    person.goto(f"{wiki}/pages/kiln")
    person.press("Allow")
    person.page.wait_for_url(f"{wiki}/pages/kiln")
    person.sees("OIDC_CLAIM_sub")

    person.goto(f"{site.url}/account/logout/")
    person.press("Sign out", within=person.page.get_by_role("main"))

    person.waits_until(lambda: how_clients_were_told(site) == ["told"])
    person.goto(f"{wiki}/pages/kiln")
    assert person.page.url.startswith(f"{site.url}/account/login/")


def how_clients_were_told(site):
    """Return the logout notifications that were sent to clients."""
    asked = """SELECT told.state FROM accounts_clientsession told JOIN accounts_device ON device_id = accounts_device.id
               JOIN accounts_user ON user_id = accounts_user.id WHERE email = 'yuki.tanaka@example.org'"""
    return [state for (state,) in site.rows(asked)]
