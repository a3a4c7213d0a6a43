"""What a request with a key may do, and how one without a good key is refused."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.api_keys import services as api_keys
from accounts.api_keys import tokens
from accounts.api_keys.models import ApiKey
from core.api import permissions
from core.context import Actor
from core.events.models import Event
from core.testing import events_named, snapshot

pytestmark = pytest.mark.django_db

ME = "/api/v1/me/"


def test_a_key_acts_for_its_person(key_of, sent_with, user):
    answer = sent_with(key_of(user, "account:read").token).get(ME)

    assert (answer.status_code, answer.json()["email"]) == (200, "nora@example.com")


def test_a_write_with_a_key_needs_no_csrf_token_and_one_with_a_session_does(key_of, user):
    program = APIClient(enforce_csrf_checks=True)
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {key_of(user, 'account:write').token}")
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(user)

    assert program.patch(ME, {"name": "By key"}).status_code == 200
    assert browser.patch(ME, {"name": "Forged"}).status_code == 403
    user.refresh_from_db()
    assert user.name == "By key"


def test_a_missing_scope_is_named(key_of, sent_with, user):
    before = snapshot("accounts.User")

    answer = sent_with(key_of(user, "account:read").token).patch(ME, {"name": "No"})

    assert (answer.status_code, answer.json()["detail"]) == (403, "This needs the scope account:write.")
    assert snapshot("accounts.User") == before


def test_without_credentials_the_answer_says_how_to_come_with_some(api):
    answer = api.get(ME)

    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, 'Bearer realm="api"')


def after(key, **fields):
    ApiKey.objects.filter(pk=key.pk).update(**fields)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda made: after(made.key, revoked_at=timezone.now()), "This API key has been revoked."),
        (lambda made: after(made.key, created_at=timezone.now() - timedelta(2), expires_at=timezone.now()), "This API key has expired."),
        (lambda made: after(made.key, networks=["203.0.113.0/24"]), "This API key is not allowed from your network."),
        (lambda made: type(made.key.user).objects.update(is_active=False), "The account of this API key is disabled."),
        (lambda made: after(made.key, digest=tokens.digest(tokens.generate_token(made.key.prefix))), "Invalid API key."),
        (lambda made: made.key.delete(), "Invalid API key."),
    ],
    ids=["revoked", "expired", "elsewhere", "closed", "another-secret", "unknown"],
)  # fmt: skip
@pytest.mark.parametrize("address", [ME, "/api/v1/products/"], ids=["own", "public"])
def test_a_key_that_is_not_good_is_refused_everywhere(key_of, sent_with, user, spoil, words, address):
    made = key_of(user)
    spoil(made)
    before = snapshot("accounts.ApiKey")

    answer = sent_with(made.token).get(address)

    assert (answer.status_code, answer.json()["detail"]) == (401, words)
    assert answer["WWW-Authenticate"] == 'Bearer realm="api", error="invalid_token"'
    assert snapshot("accounts.ApiKey") == before


@pytest.mark.parametrize("token", ["", "x", "agr_0123456789_short", "eyJhbGciOi.e30.sig"])
def test_what_is_no_key_is_refused_without_a_query(sent_with, db, token):
    with CaptureQueriesContext(connection) as queries:
        answer = sent_with(token).get(ME)

    assert (answer.status_code, len(queries)) == (401, 0)


def test_a_bad_key_is_not_made_good_by_a_session(browser_of, user):
    browser = browser_of(user)

    assert browser.get(ME, headers={"Authorization": "Bearer agr_nonsense"}).status_code == 401


def test_who_tries_many_is_slowed_down(sent_with, db):
    program = sent_with("agr_nonsense")

    answers = [program.get(ME) for _ in range(31)]

    assert [answer.status_code for answer in answers] == [401] * 30 + [429]
    assert 0 < int(answers[-1]["Retry-After"]) <= 60


def test_a_key_in_the_address_or_the_body_is_not_looked_at(api, key_of, user):
    token = key_of(user, "account:read", "account:write").token

    assert api.get(f"{ME}?access_token={token}&token={token}").status_code == 401
    assert api.patch(ME, {"access_token": token, "name": "No"}).status_code == 401


@pytest.mark.parametrize(
    ("network", "address", "status"),
    [
        ("203.0.113.0/24", "203.0.113.77", 200),
        ("203.0.113.0/24", "203.0.114.1", 401),
        ("2001:db8::/32", "2001:db8:1::1", 200),
        ("2001:db8::/32", "203.0.113.77", 401),
    ],
)
def test_a_key_is_accepted_from_its_networks_alone(key_of, user, network, address, status):
    made = key_of(user, networks=[network])
    program = APIClient(REMOTE_ADDR=address)
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {made.token}")

    assert program.get(ME).status_code == status


def test_checking_a_key_is_one_query_with_what_its_person_may_do(key_of, sent_with, author):
    program = sent_with(key_of(author, "account:read", "blog:read", "blog:write").token)
    program.get(ME)

    with CaptureQueriesContext(connection) as queries:
        answer = program.post("/api/v1/posts/", {})

    assert answer.status_code == 400
    assert len(queries) == 1
    assert program.post("/api/v1/posts/", {"title": "By key", "body": "Said."}).status_code == 201


def test_a_key_does_no_more_than_its_person_may(key_of, sent_with, user):
    program = sent_with(key_of(user, "blog:read", "blog:write").token)
    before = snapshot("blog.Post")

    assert program.post("/api/v1/posts/", {"title": "No"}).status_code == 403
    assert snapshot("blog.Post") == before
    (event,) = events_named("api_key.refused")
    assert event.data == {"why": "permission_denied", "endpoint": "POST post-list"}


def test_what_a_program_is_refused_is_noted_once_an_hour(key_of, sent_with, user):
    one, other = sent_with(key_of(user, "blog:read").token), sent_with(key_of(user, "blog:read").token)

    for program in (one, one, other, one):
        assert program.post("/api/v1/posts/", {}).status_code == 403

    assert len(events_named("api_key.refused")) == 2


def test_an_invented_key_leaves_no_trace(sent_with, db):
    assert sent_with(tokens.generate_token("0123456789")).get(ME).status_code == 401

    assert not Event.objects.exists()


def test_a_revoked_key_is_refused_with_the_next_request(key_of, sent_with, user):
    made = key_of(user)
    program = sent_with(made.token)
    assert program.get(ME).status_code == 200

    api_keys.revoke_key(key_id=made.key.pk, by=Actor.person(user))

    assert program.get(ME).status_code == 401


def test_the_last_use_is_kept_to_the_minute_with_one_write(key_of, sent_with, user):
    made = key_of(user)
    now = timezone.now()
    program = sent_with(made.token)

    for _ in range(3):
        program.get(ME)

    kept = ApiKey.objects.get().last_used_at
    assert now <= kept <= timezone.now()
    api_keys.record_use(key=made.key, now=kept + timedelta(seconds=59))
    assert ApiKey.objects.get().last_used_at == kept
    api_keys.record_use(key=made.key, now=kept + timedelta(seconds=60))
    assert ApiKey.objects.get().last_used_at == kept + timedelta(seconds=60)


def test_each_key_has_a_limit_of_its_own(monkeypatch, key_of, sent_with, user):
    monkeypatch.setattr(permissions, "PEOPLE", "2/minute")
    one, two = sent_with(key_of(user).token), sent_with(key_of(user).token)

    answers = [one.get(ME), one.get(ME), one.get(ME), two.get(ME)]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
    assert answers[0]["RateLimit"].startswith('"api";r=1;')
