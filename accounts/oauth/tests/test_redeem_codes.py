"""A code becomes tokens: once, for its client, with all that belongs to it."""

from threading import Barrier

import pytest
from django.db.models import QuerySet
from django.utils import timezone
from oauth2_provider.oauth2_validators import OAuth2Validator

from accounts.oauth.models import AccessToken, AuthorizationCode
from accounts.oauth.tests.conftest import BACK, bearing, program_of
from accounts.tests.factories import PASSWORD
from core import testing
from core.testing import events_named

pytestmark = pytest.mark.django_db


def test_what_opens_something_is_not_in_the_database(program, nora):
    code = program.code(nora)
    given = program.redeem(code).json()

    kept = str(
        testing.snapshot(
            "accounts.AuthorizationCode", "accounts.AccessToken", "accounts.RefreshToken", "accounts.Client"
        )
    )

    for secret in (code, given["access_token"], given["refresh_token"], program.secret):
        assert secret not in kept


@pytest.mark.parametrize(
    "changes",
    [{"code_verifier": None}, {"code_verifier": "x" * 50}, {"redirect_uri": "https://rp.example/other"}, {"code": "x"}],
    ids=str,
)
def test_a_code_is_no_use_without_all_that_belongs_to_it(program, nora, changes):
    answer = program.redeem(program.code(nora), **changes)

    assert answer.status_code in (400, 401)
    assert not AccessToken.objects.exists()


def test_a_code_is_no_use_to_another_client_or_without_the_secret(program, nora, maker):
    other = program_of(maker)
    other.verifier = program.verifier
    code = program.code(nora)

    assert other.redeem(code).json()["error"] == "invalid_grant"
    assert (
        program.token(
            auth=False, grant_type="authorization_code", code=code, redirect_uri=BACK, code_verifier=program.verifier
        ).status_code
        == 401
    )
    assert not AccessToken.objects.exists()


def test_a_code_works_for_a_minute(program, nora):
    code = program.code(nora)
    AuthorizationCode.objects.update(expires=timezone.now())

    assert program.redeem(code).json()["error"] == "invalid_grant"


def test_a_code_that_comes_twice_ends_all_that_it_gave(program, nora):
    code = program.code(nora)
    first = program.redeem(code).json()
    second = program.refresh(first["refresh_token"]).json()

    again = program.redeem(code)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert bearing(second["access_token"]).get("/api/v1/me/").status_code == 401
    assert program.refresh(second["refresh_token"]).status_code == 400
    assert events_named("oauth.token_reuse_detected")[0].data["what"] == "code"


@pytest.mark.parametrize(
    "sent",
    [{"grant_type": "password", "username": "nora@example.com", "password": PASSWORD}, {"grant_type": "implicit"}, {}],
    ids=str,
)
def test_no_other_way_to_a_token(program, user, sent):
    answer = program.token(**sent)

    assert (answer.status_code, answer.json()["error"] in {"unsupported_grant_type", "unauthorized_client"}) == (
        400,
        True,
    )
    assert not AccessToken.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_eight_that_redeem_one_code_at_once_one_gets_tokens(program, nora):
    code = program.code(nora)

    answers = testing.race(*[lambda: program.redeem(code).status_code] * 8)

    assert sorted(answers) == [200] + [400] * 7


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_all_eight_get_tokens_for_one_code(monkeypatch, program, nora):
    """All have found the code unused before any of them uses it up."""
    code, found, check = program.code(nora), Barrier(8), OAuth2Validator.validate_code
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self)
    monkeypatch.setattr(
        OAuth2Validator, "validate_code", lambda *args, **more: (found.wait(20), check(*args, **more))[1]
    )

    answers = testing.race(*[lambda: program.redeem(code).status_code] * 8)

    assert answers == [200] * 8
