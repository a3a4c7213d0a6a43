"""Tokens are exchanged once, end when they should, and are revoked by their own client."""

import pytest
from django.utils import timezone

from accounts.oauth.models import AccessToken, RefreshToken
from accounts.oauth.services import clients
from accounts.oauth.tests.conftest import bearing, program_of, send
from accounts.users.models import User
from core import testing
from core.context import Actor
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
    assert events_named("oauth.token_reuse_detected")[0].subject_id == program.client.client_id


def test_the_person_is_told_once_by_mail_however_often_the_token_comes(
    program, nora, user, deliver_events, mailoutbox, settings
):
    first = program.tokens(nora)
    second = program.refresh(first["refresh_token"]).json()
    program.refresh(second["refresh_token"])

    for token in (first, second, first):
        assert program.refresh(token["refresh_token"]).status_code == 400
    deliver_events()

    assert len(events_named("oauth.token_reuse_detected")) == 1
    (told,) = events_named("user.reused_refresh_token")
    assert (told.subject_id, told.actor_kind) == (str(user.uid), "client")
    assert told.data == {"client": program.client.client_id}
    (letter,) = mailoutbox
    assert (letter.to, letter.subject) == ([user.email], "An app was signed out of your account")
    for body in (letter.body, letter.alternatives[0][0]):
        assert "“Kiln log” used a token that had already been used." in body
        assert "change your password" in body
        assert f"{settings.SITE_URL}/account/connected-apps/" in body


def test_a_code_that_comes_twice_alarms_nobody(program, nora, deliver_events, mailoutbox):
    """A page that is loaded again sends its code again."""
    code = program.code(nora)
    program.redeem(code)

    program.redeem(code)
    deliver_events()

    assert len(events_named("oauth.token_reuse_detected")) == 1
    assert no_event("user.reused_refresh_token")
    assert mailoutbox == []


@pytest.mark.parametrize("gone", ["client removed", "account closed"])
def test_whom_it_no_longer_concerns_is_not_written_to(program, nora, user, maker, deliver_events, mailoutbox, gone):
    first = program.tokens(nora)
    program.refresh(first["refresh_token"])
    program.refresh(first["refresh_token"])
    if gone == "client removed":
        clients.remove_client(client_id=program.client.pk, by=Actor.person(maker))
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)

    deliver_events()

    assert len(events_named("user.reused_refresh_token")) == 1
    assert mailoutbox == []


@pytest.mark.django_db(transaction=True)
def test_two_old_tokens_that_come_at_once_are_told_of_once(program, nora):
    """Each is locked by whoever brought it, so only the family's own lock lets one wait for the other."""
    first = program.tokens(nora)
    second = program.refresh(first["refresh_token"]).json()
    third = program.refresh(second["refresh_token"]).json()

    answers = testing.race(*[lambda old=old: program.refresh(old["refresh_token"]) for old in (first, second) * 4])

    assert [answer.status_code for answer in answers] == [400] * 8
    assert program.refresh(third["refresh_token"]).status_code == 400
    assert len(events_named("oauth.token_reuse_detected")) == len(events_named("user.reused_refresh_token")) == 1


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
    assert no_event("oauth.token_reuse_detected")


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_several_get_tokens_or_break(monkeypatch, program, nora):
    given = program.tokens(nora)
    for model in (RefreshToken, AccessToken):
        monkeypatch.setattr(type(model.objects.all()), "select_for_update", lambda self, **_: self)

    answers = testing.race(*[lambda: program.refresh(given["refresh_token"]).status_code] * 8)

    assert sorted(answers, key=str) != [200] + [400] * 7
