"""People sign in with an account elsewhere, and nobody gets into an account by claiming an address there."""

import re

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from accounts.bans import services as bans
from accounts.impersonation.tests.conftest import sign_in
from accounts.sessions.models import Device
from accounts.social import providers
from accounts.social.tests.conftest import configure
from accounts.tests.factories import UserFactory
from accounts.users.models import User
from core.context import Actor
from core.testing import events_named, no_event, snapshot

pytestmark = pytest.mark.django_db

GO = "/account/oidc/kiln/login/"
LOGIN = reverse("account_login")
OVERVIEW = reverse("accounts:overview")
CONNECTIONS = reverse("socialaccount_connections")
TABLES = ("accounts.User", "account.EmailAddress", "socialaccount.SocialAccount")


def go(client, kiln, process="login"):
    """Press the button, agree there, come back."""
    sent = client.post(f"{GO}?process={process}")
    assert sent.status_code == 302, sent.content
    return client.get(kiln.agree(sent["Location"]))


def is_in(client):
    return client.get(OVERVIEW).status_code == 200


def known(kiln, **fields):
    user = UserFactory(**fields)
    SocialAccount.objects.create(user=user, provider="kiln", uid="kiln-7")
    return user


def test_somebody_new_gets_an_account_with_their_name_and_proven_address(client, kiln):
    go(client, kiln)

    user = User.objects.get(email="ann@example.org")
    assert is_in(client)
    assert (user.name, user.has_usable_password()) == ("Ann Ash", False)
    assert EmailAddress.objects.get(user=user).verified
    assert [event.data for event in events_named("user.connected_account")] == [{"provider": "kiln"}]
    assert len(events_named("user.signed_up")) == len(events_named("user.signed_in")) == 1
    assert Device.objects.filter(user=user).count() == 1


def test_somebody_known_is_signed_in(client, kiln):
    user = known(kiln, email="other@example.org")

    go(client, kiln)

    assert is_in(client)
    assert events_named("user.signed_in")[0].subject_id == user.public_id
    assert User.objects.count() == 1


def test_an_address_that_the_other_side_did_not_verify_is_verified_here(client, kiln):
    kiln.claims["email_verified"] = False

    go(client, kiln)

    assert not is_in(client)
    assert not EmailAddress.objects.get(email="ann@example.org").verified
    assert mail.outbox[-1].to == ["ann@example.org"]


@pytest.mark.parametrize("is_verified", [True, False])
def test_claiming_an_address_that_is_known_here_opens_nothing(client, kiln, is_verified):
    UserFactory(email="ann@example.org")
    kiln.claims["email_verified"] = is_verified
    before = snapshot(*TABLES)

    go(client, kiln)

    assert not is_in(client)
    assert snapshot(*TABLES) == before
    assert mail.outbox[-1].to == ["ann@example.org"]
    assert no_event("user.signed_in")
    assert no_event("user.connected_account")


def test_a_provider_that_the_operator_trusts_opens_the_account_of_a_verified_address(settings, client, kiln):
    configure(settings, kiln, trusts_email=True)
    user = UserFactory(email="ann@example.org")

    go(client, kiln)

    assert is_in(client)
    assert SocialAccount.objects.get().user == user


def test_even_a_trusted_provider_opens_nothing_by_an_address_it_did_not_verify(settings, client, kiln):
    configure(settings, kiln, trusts_email=True)
    UserFactory(email="ann@example.org")
    kiln.claims["email_verified"] = False

    go(client, kiln)

    assert not is_in(client)
    assert not SocialAccount.objects.exists()


def test_who_sat_on_an_address_unproven_loses_the_password_to_its_owner(settings, client, kiln):
    configure(settings, kiln, trusts_email=True)
    squatter = UserFactory(email="ann@example.org")
    EmailAddress.objects.filter(user=squatter).update(verified=False)

    go(client, kiln)

    assert not User.objects.get(pk=squatter.pk).has_usable_password()


def test_who_has_a_second_factor_is_asked_for_it_here_too(client, kiln):
    user = known(kiln)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": "x"})

    answer = go(client, kiln)

    assert answer["Location"].startswith(reverse("mfa_authenticate"))
    assert not is_in(client)


@pytest.mark.parametrize("change", [{"aud": "somebody-else"}, {"iss": "http://127.0.0.1:9"}, {"exp": 1}])
def test_a_token_for_others_or_of_others_is_no_sign_in(client, kiln, change):
    kiln.changes = change

    answer = go(client, kiln)

    assert "You are not signed in" in answer.content.decode()
    assert not is_in(client)
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("nonce", [None, "", "somebody-elses"])
def test_a_token_without_the_nonce_of_this_sign_in_is_none(client, kiln, nonce):
    known(kiln)
    before = snapshot(*TABLES)
    kiln.changes = {"nonce": nonce}

    answer = go(client, kiln)

    assert "You are not signed in" in answer.content.decode()
    assert not is_in(client)
    assert snapshot(*TABLES) == before
    assert no_event("user.signed_in")


def test_a_token_of_another_sign_in_of_the_same_person_is_none(client, kiln):
    stolen = re.search(r"nonce=([^&]+)", client.post(f"{GO}?process=login")["Location"])[1]
    kiln.changes = {"nonce": stolen}

    answer = go(Client(), kiln)

    assert "You are not signed in" in answer.content.decode()
    assert not User.objects.exists()


def test_no_token_at_all_is_no_sign_in(client, kiln):
    kiln.gives_id_token = False

    answer = go(client, kiln)

    assert "You are not signed in" in answer.content.decode()
    assert not User.objects.exists()


def test_each_sign_in_asks_with_a_nonce_of_its_own_that_nobody_who_asks_may_choose(client, kiln):
    asked = [client.post(f"{GO}?process=login&auth_params=nonce%3Dmine")["Location"] for _ in range(2)]

    nonces = [re.findall(r"[?&]nonce=([^&]+)", address) for address in asked]
    assert [len(found) for found in nonces] == [1, 1]
    assert nonces[0] != nonces[1]
    assert "mine" not in nonces[0] + nonces[1]
    assert not set(re.findall(r"code_challenge=([^&]+)", asked[0])) & set(nonces[0])


def test_a_code_is_good_once_and_only_in_the_browser_that_asked(client, kiln):
    sent = client.post(f"{GO}?process=login")["Location"]
    back = kiln.agree(sent)
    other = Client()

    assert "You are not signed in" in other.get(back).content.decode()
    assert not is_in(other)
    client.get(back)
    assert is_in(client)
    again = client.get(back)
    assert "You are not signed in" in again.content.decode()


def test_who_changes_their_mind_there_is_told_so(client, kiln):
    state = re.search(r"state=([^&]+)", client.post(GO)["Location"])[1]

    answer = client.get(f"/account/oidc/kiln/login/callback/?error=access_denied&state={state}", follow=True)

    assert "You are not signed in" in answer.content.decode()
    assert not is_in(client)


def test_a_provider_that_is_down_is_a_way_in_that_does_not_work_and_no_fault(client, kiln):
    sent = client.post(GO)["Location"]
    back = kiln.agree(sent)
    kiln.codes.clear()

    assert "You are not signed in" in client.get(back).content.decode()


def test_looking_at_the_address_signs_nobody_in(client, kiln):
    answer = client.get(GO)

    assert answer.status_code == 200
    assert "Continue with Kiln" in answer.content.decode()


@pytest.mark.parametrize("page", [LOGIN, reverse("account_signup")])
def test_the_button_is_there_when_configured_and_the_policy_lets_its_form_lead_there(settings, client, kiln, page):
    shown = client.get(page)
    settings.SOCIALACCOUNT_PROVIDERS = {}
    bare = client.get(page)

    assert "Continue with Kiln" in shown.content.decode()
    assert f"form-action 'self' {kiln.url}" in shown["Content-Security-Policy"]
    assert "Continue with" not in bare.content.decode()
    assert kiln.url not in bare["Content-Security-Policy"]
    assert client.get(GO).status_code == 404


def test_an_account_elsewhere_is_connected_and_taken_out_and_the_person_hears_of_it(client, kiln):
    user = UserFactory()
    sign_in(client, user)
    elsewhere = Client()
    elsewhere.force_login(user)

    go(client, kiln, process="connect")
    page = client.get(CONNECTIONS).content.decode()
    connected_mail = mail.outbox[-1]
    client.post(CONNECTIONS, {"provider": "kiln", "uid": "kiln-7"})

    assert "Disconnect" in page
    assert connected_mail.to == [user.email]
    assert "Kiln" in connected_mail.body
    assert "no longer" in mail.outbox[-1].body
    assert not SocialAccount.objects.exists()
    assert is_in(client)
    assert not is_in(elsewhere)
    assert len(events_named("user.connected_account")) == len(events_named("user.disconnected_account")) == 1


def test_the_last_way_in_stays(client, kiln):
    go(client, kiln)

    answer = client.post(CONNECTIONS, {"provider": "kiln", "uid": "kiln-7"})

    assert answer.status_code == 422
    assert "This is your only sign-in method" in answer.content.decode()
    assert SocialAccount.objects.count() == 1


def test_nobody_takes_out_what_is_anothers(client, kiln):
    known(kiln)
    sign_in(client, UserFactory())

    answer = client.post(CONNECTIONS, {"provider": "kiln", "uid": "kiln-7"})

    assert answer.status_code == 422
    assert SocialAccount.objects.count() == 1


def test_what_is_anothers_is_not_connected(client, kiln):
    known(kiln)
    sign_in(client, UserFactory())

    go(client, kiln, process="connect")

    assert SocialAccount.objects.count() == 1
    assert not User.objects.get(pk=client.session["_auth_user_id"]).socialaccount_set.exists()


def test_whoever_signed_in_long_ago_is_asked_before_anything_is_connected_or_taken_out(client, kiln):
    user = known(kiln)
    client.force_login(user)

    answer = client.post(CONNECTIONS, {"provider": "kiln", "uid": "kiln-7"})

    assert reverse("account_reauthenticate") in answer["Location"]
    assert SocialAccount.objects.count() == 1


def test_a_closed_house_takes_nobody_new(settings, client, kiln):
    settings.SIGNUP_OPEN = False

    go(client, kiln)

    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kiln": {"server_url": "https://id.example"}}, "kiln has no client_id"),
        ({"nobody": {"client_id": "x"}}, "nobody is not known by name"),
        ({"kiln": {"server_url": "id.example", "client_id": "x"}}, "no address"),
    ],
)
def test_a_provider_that_cannot_work_stops_the_start_in_words(given, said):
    with pytest.raises(ImproperlyConfigured, match=said):
        providers.build_providers(given)


def test_providers_known_by_name_and_others_are_read():
    given = {
        "google": {"client_id": "g", "secret": "s"},
        "apple": {"client_id": "a", "secret": "s", "key": "k", "certificate_key": "c"},
        "works": {
            "name": "Works",
            "server_url": "https://id.example",
            "client_id": "w",
            "secret": "s",
            "trusts_email": True,
        },
    }

    found = providers.build_providers(given)

    assert found["google"]["APPS"][0]["settings"] == {"oauth_pkce_enabled": True, "email_authentication": False}
    assert found["apple"]["APPS"][0]["settings"]["certificate_key"] == "c"
    works = found["openid_connect"]["APPS"][0]
    assert (works["provider_id"], works["name"], works["settings"]["email_authentication"]) == ("works", "Works", True)
    assert providers.get_installed_apps(given) == [
        "allauth.socialaccount.providers.apple",
        "allauth.socialaccount.providers.google",
        "allauth.socialaccount.providers.openid_connect",
    ]


def test_from_a_banned_network_nobody_new_comes_in_by_this_way_and_nobody_known_but_staff(kiln, staff):
    bans.ban(by=Actor.person(staff), network="203.0.113.7", scope="all", reason="spam")
    stranger, member = Client(REMOTE_ADDR="203.0.113.7"), Client(REMOTE_ADDR="203.0.113.7")

    by_stranger = go(stranger, kiln)
    made = User.objects.exclude(pk=staff.pk).count()
    user = known(kiln)
    by_member = go(member, kiln)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    by_staff = go(Client(REMOTE_ADDR="203.0.113.7"), kiln)

    assert [answer.status_code for answer in (by_stranger, by_member, by_staff)] == [403, 403, 302]
    assert "Signing in and creating accounts is blocked" in by_stranger.content.decode()
    assert (made, is_in(stranger), is_in(member)) == (0, False, False)


@pytest.mark.parametrize("email", ["ann@bu\u0308cher.example", "ANN@b\u00fccher.example"], ids=ascii)
def test_address_of_the_other_side_is_kept_in_its_one_spelling(client, kiln, email):
    kiln.claims["email"] = email

    go(client, kiln)

    assert User.objects.get().email == "ann@xn--bcher-kva.example"


@pytest.mark.parametrize("email", ["fat\u0131ma@example.org", "ann@example.org\u200b", "not one"], ids=ascii)
def test_what_is_no_address_of_the_other_side_is_not_kept(client, kiln, email):
    kiln.claims["email"] = email

    go(client, kiln)

    assert not User.objects.filter(email=email).exists()
    assert not EmailAddress.objects.filter(email=email).exists()
