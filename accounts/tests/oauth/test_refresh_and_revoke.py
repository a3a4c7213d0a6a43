"""Tokens are exchanged once, end when they should, and are revoked by their own client."""

import pytest
from django.utils import timezone

from accounts.models import AccessToken, RefreshToken
from accounts.tests.oauth.conftest import bearing, program_of, send
from core import testing
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db


def test_a_refresh_gives_new_tokens_and_the_old_ones_end(program, nora):
    first = program.tokens(nora)

    second = program.refresh(first["refresh_token"]).json()

    assert {"access_token", "refresh_token"} <= set(second)
    assert second["refresh_token"] != first["refresh_token"]
    assert bearing(first["access_token"]).get("/api/v1/me/").status_code == 401
    assert bearing(second["access_token"]).get("/api/v1/me/").status_code == 200


def test_a_refresh_token_that_comes_twice_ends_its_family_and_no_other(program, nora):
    first, other = program.tokens(nora), program.tokens(nora)
    second = program.refresh(first["refresh_token"]).json()

    again = program.refresh(first["refresh_token"])

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert program.refresh(second["refresh_token"]).status_code == 400
    assert bearing(second["access_token"]).get("/api/v1/me/").status_code == 401
    assert bearing(other["access_token"]).get("/api/v1/me/").status_code == 200
    assert events_named("client.reused")[0].subject_id == program.client.client_id


def test_a_refresh_token_is_no_use_to_another_client_and_loses_nothing_by_the_try(program, nora, maker):
    given = program.tokens(nora)

    assert program_of(maker).refresh(given["refresh_token"]).status_code == 400
    assert program.refresh(given["refresh_token"]).status_code == 200


def test_a_refresh_token_that_lies_for_a_month_has_expired(program, nora):
    given = program.tokens(nora)
    AccessToken.objects.update(expires=timezone.now() - timezone.timedelta(days=30, seconds=1))

    assert program.refresh(given["refresh_token"]).status_code == 400


def test_only_ones_own_tokens_can_be_revoked(program, nora, maker):
    given, other = program.tokens(nora), program_of(maker)

    def revoke(by, token):
        return send(
            "/oauth/revoke/", {"token": token, "client_id": by.client.client_id, "client_secret": by.secret}
        ).status_code

    assert revoke(other, given["access_token"]) == 200
    assert bearing(given["access_token"]).get("/api/v1/me/").status_code == 200
    assert revoke(program, given["refresh_token"]) == 200
    assert bearing(given["access_token"]).get("/api/v1/me/").status_code == 401
    assert program.refresh(given["refresh_token"]).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_of_eight_that_refresh_at_once_one_gets_tokens_and_keeps_them(program, nora):
    given = program.tokens(nora)

    answers = testing.race(*[lambda: program.refresh(given["refresh_token"])] * 8)

    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert bearing(won["access_token"]).get("/api/v1/me/").status_code == 200
    assert no_event("client.reused")


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_several_get_tokens_or_break(monkeypatch, program, nora):
    given = program.tokens(nora)
    for model in (RefreshToken, AccessToken):
        monkeypatch.setattr(type(model.objects.all()), "select_for_update", lambda self, **_: self)

    answers = testing.race(*[lambda: program.refresh(given["refresh_token"]).status_code] * 8)

    assert sorted(answers, key=str) != [200] + [400] * 7
