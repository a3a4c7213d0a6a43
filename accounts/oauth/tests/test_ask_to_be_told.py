"""Owners say where their client is told of signing out; the rules are those of webhooks."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.oauth.models import Client
from accounts.oauth.services import clients
from accounts.oauth.tests.conftest import BACK, program_of, say_again, signed_in
from accounts.sessions.models import ClientSession, Device
from core.context import Actor
from core.testing import no_event, snapshot

pytestmark = pytest.mark.django_db

NEW = reverse("accounts:new_client")
FORM = {"name": "Kiln log", "flow": clients.AUTHORIZATION_CODE, "scopes": ["openid"], "redirect_uris": BACK}
ADDRESS = "https://rp.example/out"


@pytest.fixture
def browser(maker):
    browser = signed_in(maker)
    say_again(browser)
    return browser


def address_of(client):
    return reverse("accounts:client", args=[client.client_id])


def test_a_client_is_registered_with_where_it_is_told(browser):
    browser.post(NEW, {**FORM, "backchannel_logout_uri": ADDRESS, "backchannel_logout_session_required": "on"})

    client = Client.objects.get()
    assert (client.backchannel_logout_uri, client.backchannel_logout_session_required) == (ADDRESS, True)


def test_it_is_changed_and_taken_away(browser, maker):
    client = program_of(maker, backchannel_logout_uri=ADDRESS).client
    page = browser.get(address_of(client)).content.decode()
    assert f'value="{ADDRESS}"' in page

    browser.post(address_of(client), {**FORM, "backchannel_logout_uri": f"{ADDRESS}/2"})
    client.refresh_from_db()
    assert (client.backchannel_logout_uri, client.backchannel_logout_session_required) == (f"{ADDRESS}/2", False)

    browser.post(address_of(client), FORM)
    client.refresh_from_db()
    assert client.backchannel_logout_uri == ""


@pytest.mark.parametrize(
    "wrong",
    [
        "http://rp.example/out",
        "https://rp.example:8443/out",
        "https://rp.example/out#here",
        "https://me:secret@rp.example/out",
        "https://10.0.0.7/out",
        "https://169.254.169.254/latest",
        "ftp://rp.example/out",
        "out",
    ],
)
def test_no_address_inside_and_none_that_is_not_https(browser, maker, settings, wrong):
    settings.BACKCHANNEL_ALLOWED_NETWORKS = []
    client = program_of(maker).client
    before = snapshot("accounts.Client")

    made = browser.post(NEW, {**FORM, "backchannel_logout_uri": wrong})
    changed = browser.post(address_of(client), {**FORM, "backchannel_logout_uri": wrong})

    assert (made.status_code, changed.status_code) == (422, 422)
    assert "is not a valid logout URL" in made.content.decode()
    assert snapshot("accounts.Client") == before
    assert no_event("client.changed")


def test_networks_of_the_owner_s_own_are_fine(maker, settings):
    settings.BACKCHANNEL_ALLOWED_NETWORKS = ["10.0.0.0/8"]

    client = program_of(maker, backchannel_logout_uri="http://10.0.0.7:8080/out").client

    assert client.backchannel_logout_uri == "http://10.0.0.7:8080/out"


def test_nobody_points_another_s_client_elsewhere(maker, user):
    client = program_of(maker, backchannel_logout_uri=ADDRESS).client

    with pytest.raises(clients.Denied):
        clients.change_client(
            client_id=client.pk,
            name="x",
            scopes=["openid"],
            redirect_uris=[BACK],
            backchannel_logout_uri="https://evil.example/",
            by=Actor.person(user),
        )

    client.refresh_from_db()
    assert client.backchannel_logout_uri == ADDRESS


@pytest.mark.parametrize(
    "wrong", ["rp.example/out", "ftp://rp.example/", "https://rp.example/#x", "https://rp. example/"]
)
def test_the_database_refuses_what_is_no_address(program, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.update(backchannel_logout_uri=wrong)


@pytest.mark.parametrize(
    ("state", "answer", "again", "given_up"),
    [
        ("told", "200", False, False),
        ("waiting", "The receiver took too long.", True, False),
        ("failed", "500", False, True),
    ],
)
def test_the_owner_sees_how_the_last_word_was_taken(browser, maker, state, answer, again, given_up):
    client = program_of(maker, backchannel_logout_uri=ADDRESS).client
    assert "Last sign-out notification" not in browser.get(address_of(client)).content.decode()
    now = timezone.now()
    ClientSession.objects.create(
        device=Device.objects.get(),
        client=client,
        state=state,
        ended_at=now,
        tried_at=now,
        next_at=now if again else None,
        attempts=1,
        answer=answer,
    )

    page = browser.get(address_of(client)).content.decode()

    assert "Last sign-out notification" in page
    assert answer not in page.partition("Last sign-out notification")[2].partition("</p>")[0]  # a probe would read it
    assert ("We will try again." in page, "in seven attempts." in page) == (again, given_up)
