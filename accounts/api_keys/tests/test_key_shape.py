"""What a key looks like, and what is kept of it."""

import re

import pytest
from cryptography.fernet import Fernet

from accounts.api_keys import tokens
from accounts.permissions import scopes
from core.scopes import SCOPES


def test_a_key_is_told_from_its_look_alikes_by_its_check_digits():
    token = tokens.generate_token("0123456789")

    assert re.fullmatch(r"agr_0123456789_[0-9A-Za-z]{49}", token)
    assert tokens.parse_prefix(token) == "0123456789"
    for at in range(len(token)):
        slip = token[:at] + ("x" if token[at] != "x" else "y") + token[at + 1 :]
        assert tokens.parse_prefix(slip) == ""


@pytest.mark.parametrize(
    "wrong", ["", "agr_", "agr_0123456789_", "eyJhbGciOi.e30.sig", "agr_" + "é" * 60, "a" * 100_000]
)
def test_what_is_no_key_has_no_prefix(wrong):
    assert tokens.parse_prefix(wrong) == ""


def test_the_check_digits_are_those_that_others_can_compute():
    head = "agr_0123456789_" + "A" * 43

    assert tokens._checksum(head) == "3pdpFj"


def test_two_keys_are_never_alike():
    assert len({tokens.generate_token("0123456789") for _ in range(1000)}) == 1000


def test_new_data_keys_before_the_old_one_leave_keys_good(settings):
    token = tokens.generate_token("0123456789")
    before = tokens.digest(token)

    settings.DATA_KEYS = [Fernet.generate_key().decode(), *settings.DATA_KEYS]

    assert tokens.digest(token) == before
    assert re.fullmatch("[0-9a-f]{64}", before)


def test_the_digest_cannot_be_made_without_the_data_key(settings):
    token = tokens.generate_token("0123456789")
    before = tokens.digest(token)

    settings.DATA_KEYS = [Fernet.generate_key().decode()]

    assert tokens.digest(token) != before


def test_every_scope_has_words_for_people():
    assert set(scopes.DESCRIPTIONS) == SCOPES
