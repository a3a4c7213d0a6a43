"""A client hears that a session is over: by a token that a program of others verifies, again until it is heard."""

import logging
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from django.core.management import call_command
from django.db import transaction
from django.db.models.functions import Now
from django.test import Client as Browser
from django.utils import timezone
from joserfc import jwt
from joserfc.jwk import KeySet

from accounts.oauth import backchannel, metrics, tasks
from accounts.oauth.models import Client
from accounts.oauth.tests.conftest import program_of, signed_in
from accounts.sessions.models import ClientSession
from core import testing
from core.metrics import prometheus
from core.webhooks import transport
from core.webhooks.tests.receiver import break_off, drip, late, receiving, status

pytestmark = pytest.mark.django_db
State = ClientSession.State
OUT = "/account/logout/"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 0.5)


@pytest.fixture
def receiver():
    with receiving() as running:
        yield running


@pytest.fixture
def told(maker, receiver):
    """A client that wants to be told."""
    return program_of(maker, backchannel_logout_uri=receiver.url(path="/out?from=agora"))


@pytest.fixture
def ended(told, user):
    """A session that the client is to be told of."""
    return end_one(told, user)


def end_one(program, user):
    browser = signed_in(user)
    program.tokens(browser)
    browser.post(OUT)
    return ClientSession.objects.latest("pk")


def tell(session):
    """What is due is sent; gives the row as it is afterwards."""
    backchannel.send_due(session.client_id)
    session.refresh_from_db()
    return session


def tell_again(session):
    ClientSession.objects.filter(state=State.WAITING).update(next_at=Now())
    return tell(session)


def token_in(came):
    (token,) = parse_qs(came.body.decode(), strict_parsing=True)["logout_token"]
    return token


def read(token):
    """As a client does: by the published keys."""
    keys = KeySet.import_key_set(Browser().get("/oauth/keys").json())
    return jwt.decode(token, keys, algorithms=["RS256"])


def test_the_token_is_what_the_standard_says(ended, told, receiver, user):
    before = int(timezone.now().timestamp())

    row = tell(ended)

    (came,) = receiver.received
    token = read(token_in(came))
    assert (came.path, came.headers["content-type"]) == ("/out?from=agora", "application/x-www-form-urlencoded")
    assert (token.header["typ"], token.header["alg"]) == ("logout+jwt", "RS256")
    issued, ends = token.claims.pop("iat"), token.claims.pop("exp")
    assert before <= issued <= ends - 120 <= timezone.now().timestamp()
    assert len(token.claims.pop("jti")) == 36
    assert token.claims == {
        "iss": "http://localhost:8000",
        "sub": str(user.uid),
        "aud": told.client.client_id,
        "events": {EVENT: {}},
        "sid": str(ended.uid),
    }
    assert (row.state, row.attempts, row.answer, row.next_at) == (State.TOLD, 1, "200", None)


def test_the_session_it_names_is_that_of_the_id_token_before_and_after_a_rotation(told, receiver, user):
    browsers = [signed_in(user), signed_in(user)]
    names = [read(told.tokens(browser)["id_token"]).claims["sid"] for browser in browsers]

    browsers[0].post(OUT)
    tell(ClientSession.objects.get(state=State.WAITING))
    call_command("rotate_signing_key")
    browsers[1].post(OUT)
    tell(ClientSession.objects.get(state=State.WAITING))

    first, second = [read(token_in(came)) for came in receiver.received]
    assert [first.claims["sid"], second.claims["sid"]] == names
    assert first.header["kid"] != second.header["kid"]


def test_a_client_that_goes_by_people_is_told_of_the_person_alone(maker, receiver, user):
    program = program_of(maker, backchannel_logout_uri=receiver.url(), backchannel_logout_session_required=False)

    tell(end_one(program, user))

    claims = read(token_in(receiver.received[0])).claims
    assert "sid" not in claims
    assert claims["sub"] == str(user.uid)


@pytest.mark.parametrize(
    "say",
    [status(500), status(400), status(404), late(2), drip(2), break_off],
    ids=["500", "400", "404", "late", "drop by drop", "broken off"],
)
def test_what_fails_is_tried_again_with_a_new_token(ended, receiver, say):
    receiver.say = say

    row = tell(ended)
    assert (row.state, row.attempts) == (State.WAITING, 1)
    assert timedelta(seconds=8) < row.next_at - timezone.now() < timedelta(seconds=12)
    receiver.say = status(204, b"")
    row = tell_again(ended)

    assert (row.state, row.attempts, row.answer) == (State.TOLD, 2, "204")
    first, second = [read(token_in(came)).claims for came in receiver.received]
    assert first["jti"] != second["jti"]
    assert first["sid"] == second["sid"]


def test_a_redirect_is_not_followed(ended, receiver):
    with receiving() as elsewhere:
        receiver.say = status(302, b"", location=elsewhere.url())

        row = tell(ended)

    assert (row.state, row.answer) == (State.WAITING, "302")
    assert elsewhere.received == []


def test_after_the_last_attempt_it_is_given_up_and_staff_and_owner_see_it(ended, receiver, maker, admin_client):
    receiver.say = status(500)
    for _ in backchannel.RETRY_DELAYS:
        assert tell_again(ended).state == State.WAITING

    row = tell_again(ended)
    tell_again(ended)

    assert (row.state, row.attempts, row.next_at) == (State.FAILED, 7, None)
    assert len(receiver.received) == 7
    assert metrics.count_logouts() == {"waiting": 0, "failed": 1}
    assert "failed" in admin_client.get("/admin/accounts/clientsession/").content.decode()
    page = admin_client.get(f"/admin/accounts/client/{row.client_id}/change/").content.decode()
    assert ": 500" in page
    assert token_in(receiver.received[-1]) not in page


def test_the_answer_is_read_no_further_than_a_little_and_not_kept(ended, receiver):
    receiver.say = status(200, b"x" * 100_000)

    row = tell(ended)

    assert (row.state, row.answer) == (State.TOLD, "200")


def test_a_name_inside_the_house_is_not_called(ended, receiver, settings):
    settings.BACKCHANNEL_ALLOWED_NETWORKS = []

    row = tell(ended)

    assert row.state == State.WAITING
    assert row.answer == "This address cannot be reached from outside, so nothing is sent to it. Use https on port 443."
    assert receiver.received == []


def test_networks_that_webhooks_may_reach_are_not_open_to_clients(ended, receiver, settings):
    """Staff add webhooks; every customer can register a client."""
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    settings.BACKCHANNEL_ALLOWED_NETWORKS = []

    row = tell(ended)

    assert (row.state, receiver.received) == (State.WAITING, [])


def test_a_client_that_is_switched_off_or_took_its_address_away_hears_nothing(ended, receiver):
    Client.objects.update(is_enabled=False)
    tell(ended)
    Client.objects.update(is_enabled=True, backchannel_logout_uri="")
    tell(ended)

    assert receiver.received == []
    assert metrics.count_logouts() == {"waiting": 0, "failed": 0}
    assert backchannel.get_due_clients() == []


def test_others_hear_nothing(told, receiver, user, maker):
    """A client without an address, and of a session that goes on nobody at all."""
    silent = program_of(maker)
    here, there = signed_in(user), signed_in(maker)
    for browser in (here, there):
        told.tokens(browser)
        silent.tokens(browser)

    there.post(OUT)
    for client in Client.objects.all():
        backchannel.send_due(client.pk)

    (came,) = receiver.received
    assert read(token_in(came)).claims["sub"] == str(maker.uid)


def test_one_that_fails_holds_up_no_other_client(ended, receiver, maker, user):
    receiver.say = status(500)
    with receiving() as other:
        second = end_one(program_of(maker, backchannel_logout_uri=other.url()), user)
        tasks.sweep_logouts()
        for client_id in backchannel.get_due_clients():
            backchannel.send_due(client_id)

    second.refresh_from_db()
    ended.refresh_from_db()
    assert (ended.state, second.state) == (State.WAITING, State.TOLD)


def test_a_run_stops_at_the_first_failure_and_the_rest_waits_for_the_next(told, receiver, user):
    sessions = [end_one(told, user) for _ in range(3)]
    receiver.say = status(500)

    tell(sessions[0])

    assert len(receiver.received) == 1
    assert ClientSession.objects.filter(state=State.WAITING, attempts=0).count() == 2


def test_nothing_secret_is_logged(ended, receiver, caplog):
    caplog.set_level(logging.INFO)

    tell(ended)

    assert "logout_sent" in caplog.text
    assert token_in(receiver.received[0]) not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_nothing_is_sent_in_a_transaction_and_of_eight_workers_one_sends(told, receiver, user):
    session = end_one(told, user)
    receiver.say = late(0.2)
    open_while_sent = []
    post = transport.post

    def watched(*what, **options):
        open_while_sent.append(transaction.get_connection().in_atomic_block)
        return post(*what, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(transport, "post", watched)
        results = testing.race(*[lambda: backchannel.send_due(session.client_id)] * 8)

    assert testing.failures(results) == []
    assert len(receiver.received) == 1
    assert open_while_sent == [False]


def test_a_worker_that_dies_leaves_it_to_the_next_after_a_while(ended, receiver, monkeypatch):
    def die(*_, **options):
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(transport, "post", die)
        with pytest.raises(SystemExit):
            backchannel.send_due(ended.client_id)
    assert backchannel.get_due_clients() == []

    assert tell_again(ended).state == State.TOLD


@pytest.mark.parametrize("count", [1, 24, 100])
def test_the_metrics_cost_one_query(ended, django_assert_num_queries, settings, count):
    device = ended.device
    given = {"client": ended.client, "state": State.WAITING, "ended_at": timezone.now(), "next_at": timezone.now()}
    ClientSession.objects.bulk_create(ClientSession(device=device, **given) for _ in range(count - 1))

    with django_assert_num_queries(1):
        found = metrics.count_logouts()
    settings.ROLE = "web"

    assert found == {"waiting": count, "failed": 0}
    assert f'agora_backchannel_logouts{{state="waiting"}} {count}.0' in prometheus.text().decode()


@pytest.mark.parametrize("address", ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])
def test_what_discovery_promises_is_done(address, ended, receiver):
    said = Browser().get(address).json()

    assert (said["backchannel_logout_supported"], said["backchannel_logout_session_supported"]) == (True, True)
    assert not [name for name in said if "frontchannel" in name]
    assert "openid" not in address or "sid" in said["claims_supported"]
    assert tell(ended).state == State.TOLD
