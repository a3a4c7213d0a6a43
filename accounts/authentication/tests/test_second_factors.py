"""Second factors: set up, asked for, replaced by a recovery code, removed; what is kept of them cannot be read."""

import re
import time
from urllib.parse import unquote

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth import get_user
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.authentication import mfa
from accounts.permissions.models import Role
from accounts.tests.factories import PASSWORD, UserFactory
from core.testing import events_named, no_event

pytestmark = pytest.mark.django_db

SECURITY, SIGN_IN, FACTOR, TRUST, APP, REMOVE_APP, CODES, NEW_CODES, REAUTHENTICATE = (
    reverse(name)
    for name in (
        *("accounts:security", "account_login", "mfa_authenticate", "mfa_trust", "mfa_activate_totp"),
        *("mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "account_reauthenticate"),
    )
)

DOWNLOAD = re.compile(r'download="recovery-codes\.txt" href="data:text/plain;charset=utf-8,([^"]+)"')


@pytest.fixture
def user():
    return UserFactory(email="known@example.com")


def code_of(secret, steps=0):
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def with_app(user):
    """Give somebody an app; gives its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def sign_in(browser, user, **more):
    return browser.post(SIGN_IN, {"login": user.email, "password": PASSWORD, **more})


def prove_oneself(browser, url):
    """Open a page that asks who one is, and say so with the password."""
    asked = browser.get(url)["Location"]
    assert asked.startswith(REAUTHENTICATE)
    assert browser.post(asked, {"password": PASSWORD, "next": url})["Location"] == url


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """Runs at the end of the block what waits for a commit."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def shown_codes(page):
    found = re.search(r'id="recovery-codes"[^>]*>([\d\s]+)</pre>', page.content.decode())
    return found[1].split() if found else []


@pytest.mark.django_db(transaction=True)
def test_an_app_is_set_up_with_its_first_code_and_recovery_codes_are_shown_once(client, user, mailoutbox):
    client.force_login(user)
    prove_oneself(client, APP)
    page = client.get(APP)
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    assert "data:image/svg+xml;base64," in page.content.decode()

    done = client.post(APP, {"code": code_of(secret)})

    assert done["Location"] == CODES
    first, second = client.get(CODES), client.get(CODES)
    assert len(set(shown_codes(first))) == 10
    assert unquote(DOWNLOAD.search(first.content.decode())[1]).split() == shown_codes(first)
    assert "data-prints" in first.content.decode()
    assert shown_codes(second) == []
    assert not DOWNLOAD.search(second.content.decode())
    assert shown_codes(first)[0] not in second.content.decode()
    assert "You have 10 codes left" in client.get(SECURITY).content.decode()
    assert [event.data for event in events_named("user.added_factor")] == [{"factor": "totp"}]
    assert [mail.subject for mail in mailoutbox] == ["An authenticator app was set up"]


def test_a_wrong_first_code_sets_nothing_up(client, user, mailoutbox):
    client.force_login(user)
    prove_oneself(client, APP)
    client.get(APP)

    answer = client.post(APP, {"code": "000000"})

    assert "code" in answer.context["form"].errors
    assert not Authenticator.objects.exists()
    assert no_event("user.added_factor")
    assert mailoutbox == []


def test_nothing_of_a_factor_can_be_read_from_the_database(user):
    secret = with_app(user)
    codes = RecoveryCodes.activate(user)
    kept = [str(row.data) for row in Authenticator.objects.all()]

    assert not any(secret in text for text in kept)
    assert not any(code in text for text in kept for code in codes.generate_codes())
    assert all("gAAAA" in text for text in kept)


def test_the_password_alone_signs_nobody_in_who_has_a_factor(client, user):
    secret = with_app(user)

    assert sign_in(client, user)["Location"] == FACTOR
    assert client.get(FACTOR).status_code == 200
    assert not get_user(client).is_authenticated
    assert no_event("user.signed_in")

    assert client.post(FACTOR, {"code": code_of(secret)})["Location"] == TRUST
    assert client.post(TRUST, {"action": "skip"}).status_code == 302
    assert get_user(client) == user
    assert len(events_named("user.signed_in")) == 1


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_code_works_once_while_it_fits(client_of, user, steps):
    secret = with_app(user)
    code = code_of(secret, steps)
    for browser, expected in ((client_of(), TRUST), (client_of(), None)):
        sign_in(browser, user)
        assert browser.post(FACTOR, {"code": code}).get("Location") == expected


def test_a_wrong_code_is_on_the_timeline_and_guessing_stops(client, user):
    secret = with_app(user)
    sign_in(client, user)
    for _ in range(5):
        client.post(FACTOR, {"code": "000000"})

    answer = client.post(FACTOR, {"code": code_of(secret)})

    assert answer.status_code == 200
    assert not get_user(client).is_authenticated
    assert len(events_named("user.factor_failed")) == 5


def test_a_recovery_code_signs_in_once(client_of, user):
    with_app(user)
    code = RecoveryCodes.activate(user).generate_codes()[0]
    outcomes = []
    for browser in (client_of(), client_of()):
        sign_in(browser, user)
        outcomes.append(browser.post(FACTOR, {"code": code}).status_code)

    assert outcomes == [302, 200]
    assert mfa.get_mfa_methods(user).codes_left == 9


def test_a_trusted_browser_is_not_asked_and_another_is(client, client_of, user):
    secret = with_app(user)
    sign_in(client, user)
    client.post(FACTOR, {"code": code_of(secret)})
    client.post(TRUST, {"action": "trust"})
    client.post(reverse("account_logout"))

    assert sign_in(client, user, next="/shop/")["Location"] == "/shop/"
    assert sign_in(client_of(), user)["Location"] == FACTOR


def test_a_new_password_ends_the_trust(client, user):
    secret = with_app(user)
    sign_in(client, user)
    client.post(FACTOR, {"code": code_of(secret)})
    client.post(TRUST, {"action": "trust"})
    client.post(reverse("account_logout"))
    user.set_password("another one of nine")
    user.save()

    answer = client.post(SIGN_IN, {"login": user.email, "password": "another one of nine"})

    assert answer["Location"] == FACTOR


def test_an_app_is_removed_after_proof_and_its_codes_go_with_it(client, user, mailoutbox):
    with_app(user)
    RecoveryCodes.activate(user)
    client.force_login(user)
    prove_oneself(client, REMOVE_APP)

    assert client.post(REMOVE_APP)["Location"] == SECURITY

    assert not Authenticator.objects.exists()
    assert [event.data for event in events_named("user.removed_factor")] == [{"factor": "totp"}]
    assert [mail.subject for mail in mailoutbox] == ["Your authenticator app was removed"]


def test_without_proof_nothing_is_removed(client, user):
    with_app(user)
    client.force_login(user)

    answer = client.post(REMOVE_APP)

    assert answer["Location"].startswith(REAUTHENTICATE)
    assert Authenticator.objects.count() == 1


def test_who_signed_in_within_five_minutes_is_not_asked_once_more(client, user, monkeypatch):
    sign_in(client, user)
    assert client.get(APP).status_code == 200
    now = time.time()

    monkeypatch.setattr(time, "time", lambda: now + 301)

    assert client.get(APP)["Location"].startswith(REAUTHENTICATE)


def test_proof_is_asked_for_again_after_five_minutes(client, user, monkeypatch):
    client.force_login(user)
    prove_oneself(client, APP)
    assert client.get(APP).status_code == 200
    now = time.time()

    monkeypatch.setattr(time, "time", lambda: now + 301)

    assert client.get(APP)["Location"].startswith(REAUTHENTICATE)


def test_new_recovery_codes_replace_the_old(client, user, mailoutbox, committed):
    with_app(user)
    old = RecoveryCodes.activate(user).generate_codes()
    client.force_login(user)
    prove_oneself(client, NEW_CODES)

    with committed():
        assert client.post(NEW_CODES)["Location"] == CODES

    fresh = shown_codes(client.get(CODES))
    assert len(fresh) == 10
    assert not set(old) & set(fresh)
    assert len(events_named("user.made_recovery_codes")) == 2
    assert [mail.subject for mail in mailoutbox] == ["New recovery codes were generated"]


class TestWhoMustHaveOne:
    """Roles ship asking for a second factor."""

    @pytest.fixture
    def manager(self, user):
        user.is_staff = True
        user.save()
        user.groups.add(Role.objects.get(slug="shop-manager").group)
        return user

    def test_is_led_to_set_one_up_and_gets_nowhere_else(self, client, manager):
        sign_in(client, manager)

        assert [client.get(url).headers.get("Location") for url in ("/admin/", "/shop/", "/")] == [SECURITY] * 3
        assert client.get("/api/v1/products/").json()["code"] == "factor_missing"
        page = client.get(SECURITY)
        assert "Your role requires two-factor authentication" in page.content.decode()

    def test_goes_on_once_it_is_there(self, client, manager):
        sign_in(client, manager)
        client.post(APP, {"code": code_of(client.get(APP).context["form"].secret)})

        assert "Your role asks" not in client.get(SECURITY).content.decode()
        assert client.get("/admin/").status_code == 200

    def test_keeps_the_last_one(self, client, manager):
        with_app(manager)
        client.force_login(manager)
        prove_oneself(client, REMOVE_APP)

        answer = client.post(REMOVE_APP)

        assert "Add another method before you remove this one." in answer.content.decode()
        assert Authenticator.objects.count() == 1
        assert no_event("user.removed_factor")

    def test_is_not_led_when_the_role_does_not_ask(self, client, manager):
        Role.objects.update(requires_mfa=False)

        assert sign_in(client, manager, next="/admin/")["Location"] == "/admin/"
        assert client.get("/admin/").status_code == 200


def test_who_lost_phone_and_codes_is_let_in_by_a_command_and_told(client, user, deliver_events, mailoutbox, capsys):
    with_app(user)
    RecoveryCodes.activate(user)

    call_command("remove_factors", "Known@Example.com")
    deliver_events()

    assert not Authenticator.objects.exists()
    assert capsys.readouterr().out == "Removed: 2\n"
    assert [(event.actor_kind, event.data) for event in events_named("user.lost_factors")] == [
        ("system", {"factors": 2})
    ]
    assert events_named("user.removed_factor")[0].actor_kind == "system"
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [([user.email], "Two-factor authentication was removed")]
    assert sign_in(client, user, next="/shop/")["Location"] == "/shop/"


def test_the_command_finds_nobody_where_nobody_is(user):
    with_app(user)

    with pytest.raises(CommandError, match="No account has the address"):
        call_command("remove_factors", "other@example.com")

    assert Authenticator.objects.count() == 1
    assert no_event("user.lost_factors")


def test_the_security_page_costs_the_same_for_many_keys(client, user, django_assert_max_num_queries):
    for n in range(24):
        Authenticator.objects.create(
            user=user, type="webauthn", data={"name": f"Key {n}", "credential": {"id": f"k{n}"}}
        )
    client.force_login(user)

    with django_assert_max_num_queries(4):
        page = client.get(SECURITY)

    assert page.content.decode().count("Security key") == 24


@pytest.mark.parametrize("url", [SECURITY, APP, REMOVE_APP, CODES, NEW_CODES, reverse("mfa_add_webauthn")])
def test_strangers_are_sent_to_the_door(client, url):
    assert client.get(url)["Location"].startswith(SIGN_IN)
