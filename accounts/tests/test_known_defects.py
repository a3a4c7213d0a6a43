"""What other services for sign-in were found with, and which test shows that this one has it not."""

import ast

import pytest
from django.conf import settings

DEFECTS = {
    # Providers
    "prompt=none gives a code to a client that nobody agreed to": (
        "oauth/test_agree_to_a_client.py",
        "test_prompt_none_never_goes_round_the_consent",
    ),
    "prompt=none ends in a fault when nobody is signed in": (
        "oauth/test_agree_to_a_client.py",
        "test_prompt_none_never_goes_round_the_consent",
    ),
    "a device is let in by a page elsewhere, without a CSRF token": (
        "oauth/test_connect_device.py",
        "test_agreeing_takes_a_csrf_token_and_a_session",
    ),
    "PKCE with the method plain, or none for clients with a secret": (
        "oauth/test_agree_to_a_client.py",
        "test_nothing_weaker_than_a_code_with_pkce_s256",
    ),
    "a client revokes the tokens of another": (
        "oauth/test_refresh_and_revoke.py",
        "test_only_ones_own_tokens_can_be_revoked",
    ),
    "a code that comes twice leaves its tokens good": (
        "oauth/test_redeem_codes.py",
        "test_a_code_that_comes_twice_ends_all_that_it_gave",
    ),
    "a refresh token that comes twice leaves its family good": (
        "oauth/test_refresh_and_revoke.py",
        "test_a_refresh_token_that_comes_twice_ends_its_family_and_no_other",
    ),
    "an access token outlives the refresh": (
        "oauth/test_refresh_and_revoke.py",
        "test_a_refresh_gives_new_tokens_and_the_old_ones_end",
    ),
    "two requests at once redeem one code": (
        "oauth/test_redeem_codes.py",
        "test_of_eight_that_redeem_one_code_at_once_one_gets_tokens",
    ),
    "two refreshes at once end the family": (
        "oauth/test_refresh_and_revoke.py",
        "test_of_eight_that_refresh_at_once_one_gets_tokens_and_keeps_them",
    ),
    "implicit and password grants are on": ("oauth/test_redeem_codes.py", "test_no_other_way_to_a_token"),
    "tokens and codes lie in the database as they are sent": (
        "oauth/test_redeem_codes.py",
        "test_what_opens_something_is_not_in_the_database",
    ),
    "the rules of RFC 9700 are off until somebody finds them": (
        "oauth/test_identity.py",
        "test_every_rule_of_rfc_9700_that_the_toolkit_knows_is_on",
    ),
    "discovery offers HS256": ("oauth/test_identity.py", "test_both_documents_say_what_is_done_and_no_more"),
    "discovery promises back-channel logout that is not there": (
        "oauth/test_tell_clients_of_sign_out.py",
        "test_what_discovery_promises_is_done",
    ),
    "a refresh token is good for ever": (
        "oauth/test_refresh_and_revoke.py",
        "test_a_refresh_token_that_lies_for_a_month_has_expired",
    ),
    "a newer oauthlib breaks the device flow": ("oauth/test_with_a_real_client.py", "test_a_device"),
    "introspection tells of tokens of closed accounts and clients": (
        "oauth/test_ask_about_tokens.py",
        "test_a_token_that_is_not_good_opens_nothing_and_is_told_as_inactive",
    ),
    "tokens of programs outlive a changed password": (
        "oauth/test_change_what_guards.py",
        "test_tokens_of_programs_end_and_what_was_agreed_to_stays",
    ),
    # The API
    "a bad token gets 403, or is overlooked": (
        "oauth/test_ask_about_tokens.py",
        "test_a_token_that_is_not_good_opens_nothing_and_is_told_as_inactive",
    ),
    "a token without a person opens what belongs to people": (
        "oauth/test_ask_about_tokens.py",
        "test_a_client_without_people_may_do_nothing_that_is_theirs",
    ),
    "an ID token opens the API": ("oauth/test_ask_about_tokens.py", "test_an_id_token_opens_nothing"),
    # People
    "the secret of a second factor can be read from the database": (
        "test_second_factors.py",
        "test_nothing_of_a_factor_can_be_read_from_the_database",
    ),
    "a code from an app works twice": ("test_second_factors.py", "test_a_code_works_once_while_it_fits"),
    "strangers who guess lock the owner out": (
        "test_limit_guessing.py",
        "test_a_password_that_strangers_closed_leaves_the_way_by_mail_open",
    ),
    "made-up passkeys lock the owner out": (
        "test_security_keys.py",
        "test_made_up_answers_for_a_person_do_not_lock_them_out",
    ),
    "signing up again tells whether an address is known": (
        "test_tell_strangers_nothing.py",
        "test_signing_up_again_and_again_is_answered_alike",
    ),
}


@pytest.mark.parametrize(("file", "test"), DEFECTS.values(), ids=DEFECTS)
def test_each_has_its_test(file, test):
    tree = ast.parse((settings.BASE_DIR / "accounts" / "tests" / file).read_text())

    assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
