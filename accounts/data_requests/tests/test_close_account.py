"""A person closes their account, comes back within the days of grace, or does not."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.api_keys import services as api_keys
from accounts.api_keys.models import ApiKey
from accounts.data_requests import panels
from accounts.data_requests.services import deletions
from accounts.oauth.models import AccessToken, Consent, RefreshToken
from accounts.oauth.models import Client as Program
from accounts.staff import services as roles
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import Closing, User
from core.context import Actor, Grant
from core.errors import Denied, NotFound
from core.testing import deliver_events, events_named, failures, no_event, race, snapshot

pytestmark = pytest.mark.django_db

CLOSE, CLOSING, API = reverse("accounts:delete_account"), reverse("accounts:pending_deletion"), "/api/v1/me/closing/"
OVERVIEW = reverse("accounts:overview")


def close(user, **how):
    return deletions.request_deletion(user_id=user.pk, by=Actor.person(user), **how)


def sign_in(user):
    browser = Client()
    browser.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    return browser


def officer(*, superuser=False):
    """Staff who may have people erased."""
    user = UserFactory(is_staff=True, is_superuser=superuser)
    roles.assign_role(user_id=user.pk, role="owner", by=Actor.system("test"))
    return User.objects.get(pk=user.pk)


def test_the_page_lists_what_is_erased_what_loses_its_name_and_what_is_kept(browser_of, user):
    page = browser_of(user).get(CLOSE).content.decode()

    for words in ("Erased", "Anonymised", "Retained</h2>", "Comments", "Paid orders", "10 years"):
        assert words in page, words


def test_page_and_api_close_the_same_account_and_tell_the_same(browser_of):
    told = []
    for kind, path, status in ((Client, CLOSE, 200), (APIClient, API, 202)):
        user = UserFactory()
        answer = browser_of(user, kind=kind).post(path, {"email": user.email.upper()})
        assert answer.status_code == status
        event, row = events_named("user.closing_requested")[-1], Closing.objects.get(user=user)
        assert event.data == {"closing": row.public_id}
        assert event.actor_id == event.subject_id == str(user.uid)
        told.append((row.state, row.reason, row.due_at - row.asked_at, row.asked_by == user))

    assert told == [("waiting", "", timedelta(days=14), True)] * 2


@pytest.mark.parametrize("typed", ["", "somebody@else.example"])
def test_a_slip_closes_nothing(browser_of, user, typed):
    assert browser_of(user).post(CLOSE, {"email": typed}).status_code == 422
    program = browser_of(user, kind=APIClient)
    assert program.post(API, {"email": typed}).status_code in (400, 422)

    assert not Closing.objects.exists()
    assert no_event("user.closing_requested")


def test_who_closes_is_signed_out_everywhere_and_programs_end(browser_of, user):
    here, elsewhere = browser_of(user), sign_in(user)
    key = api_keys.add_key(user_id=user.pk, name="Till", scopes=["account:read"], by=Actor.person(user))
    program = Program.objects.create(
        name="App", client_type="public", authorization_grant_type="authorization-code", algorithm="RS256"
    )
    token = AccessToken.objects.create(
        user=user, application=program, token="x" * 30, expires=timezone.now() + timedelta(minutes=5), scope="openid"
    )
    RefreshToken.objects.create(user=user, application=program, token="y" * 30, access_token=token)
    Consent.objects.create(user=user, client=program, scopes=["openid"])

    page = here.post(CLOSE, {"email": user.email})

    assert "Your account will be deleted" in page.content.decode()
    for browser in (here, elsewhere):
        assert browser.get(OVERVIEW)["Location"].startswith(reverse("account_login"))
    answer = APIClient().get("/api/v1/me/", headers={"Authorization": f"Bearer {key.token}"})
    assert answer.status_code == 401
    assert ApiKey.objects.get().revoked_at is not None
    assert not AccessToken.objects.exists()
    assert not RefreshToken.objects.exists()


def test_who_comes_back_is_led_to_keep_it_and_gets_nowhere_else(user):
    close(user)
    browser = sign_in(user)

    for path in (OVERVIEW, "/shop/cart/", reverse("accounts:api_keys"), reverse("accounts:exports"), "/talk/"):
        assert browser.get(path)["Location"] == CLOSING, path
    refused = browser.get("/api/v1/me/")
    assert (refused.status_code, refused.json()["code"]) == (403, "account_closing")
    assert "Keep my account" in browser.get(CLOSING).content.decode()


def test_who_keeps_it_has_it_as_it_was(user, mailoutbox):
    close(user)
    browser = sign_in(user)
    mailoutbox.clear()

    answer = browser.post(CLOSING)

    assert answer["Location"] == OVERVIEW
    assert browser.get(OVERVIEW).status_code == 200
    assert Closing.objects.get().state == "kept"
    assert events_named("user.closing_cancelled")[0].actor_id == str(user.uid)
    deliver_events()
    assert [mail.subject for mail in mailoutbox if mail.subject == "Your account will not be deleted"] == [
        "Your account will not be deleted"
    ]
    assert deletions.erase_due_accounts(now=timezone.now() + timedelta(days=20)) == 0
    assert sign_in(user).get(OVERVIEW).status_code == 200


def test_a_program_with_the_session_sees_it_and_takes_it_back(browser_of, user):
    close(user)
    user.refresh_from_db()
    program = browser_of(user, kind=APIClient)

    assert program.get(API).json()["state"] == "waiting"
    assert program.delete(API).status_code == 204
    assert (program.get(API).status_code, program.delete(API).status_code) == (404, 404)


def test_the_page_of_a_closing_that_is_not_there_leads_to_the_account(browser_of, user):
    assert browser_of(user).get(CLOSING)["Location"] == OVERVIEW
    with pytest.raises(NotFound):
        deletions.cancel_deletion(user_id=user.pk, by=Actor.person(user))


def test_mails_go_out_at_the_request_and_a_day_before_the_end(user, mailoutbox):
    asked = timezone.now()
    close(user, now=asked)
    deliver_events()
    assert deletions.send_reminders(now=asked + timedelta(days=12)) == 0
    assert deletions.send_reminders(now=asked + timedelta(days=13, hours=1)) == 1
    assert deletions.send_reminders(now=asked + timedelta(days=13, hours=2)) == 0
    deliver_events()

    assert [mail.subject for mail in mailoutbox] == [
        "Your account will be deleted",
        "Your account will be deleted tomorrow",
    ]
    assert all(mail.to == [user.email] for mail in mailoutbox)
    assert "/account/login/" in mailoutbox[0].body


def test_nothing_is_erased_before_its_time(user):
    asked = timezone.now()
    close(user, now=asked)

    assert deletions.erase_due_accounts(now=asked + deletions.GRACE_PERIOD - timedelta(seconds=1)) == 0
    assert deletions.erase_due_accounts(now=asked + deletions.GRACE_PERIOD) == 1

    user.refresh_from_db()
    assert (user.email, user.is_active, user.has_usable_password()) == (user.erased_email, False, False)
    assert user.is_erased


def test_the_address_is_free_for_a_new_account(user):
    email = user.email
    close(user)
    deletions.erase_due_accounts(now=timezone.now() + deletions.GRACE_PERIOD)

    assert UserFactory(email=email).pk != user.pk


def test_once_erasing_has_begun_it_is_too_late(user):
    row = close(user)
    Closing.objects.filter(pk=row.pk).update(state=Closing.State.ERASING)

    with pytest.raises(deletions.DeletionAlreadyStarted):
        deletions.cancel_deletion(user_id=user.pk, by=Actor.person(user))

    page = sign_in(user).post(CLOSING, follow=True).content.decode()
    assert "too late" in page
    assert no_event("user.closing_cancelled")


@pytest.mark.parametrize("role", ["owner", "superuser"])
def test_the_only_owner_stays(browser_of, role):
    user = officer() if role == "owner" else UserFactory(is_superuser=True, is_staff=True)
    UserFactory()

    answer = browser_of(user).post(CLOSE, {"email": user.email})

    assert answer.status_code == 422
    assert "only owner" in answer.content.decode()
    assert not Closing.objects.exists()


def test_an_owner_who_is_closing_counts_no_longer():
    first, second = officer(), officer()
    close(first)

    with pytest.raises(deletions.OnlyOwner):
        close(second)


@pytest.mark.django_db(transaction=True)
def test_of_two_last_owners_who_go_at_once_one_stays():
    first, second = officer(), officer()

    results = race(lambda: close(first), lambda: close(second))

    assert [type(failure) for failure in failures(results)] == [deletions.OnlyOwner]


@pytest.mark.django_db(transaction=True)
def test_keeping_it_and_erasing_it_at_once_end_in_one_of_both():
    user = UserFactory()
    close(user)
    due = timezone.now() + deletions.GRACE_PERIOD

    kept, erased = race(
        lambda: deletions.cancel_deletion(user_id=user.pk, by=Actor.person(user)),
        lambda: deletions.erase_due_accounts(now=due),
    )

    user.refresh_from_db()
    is_kept = not isinstance(kept, Exception)
    assert (is_kept, erased, user.is_erased) in {(True, 0, False), (False, 1, True)}


@pytest.mark.django_db(transaction=True)
def test_two_workers_erase_once():
    user = UserFactory()
    close(user)
    due = timezone.now() + deletions.GRACE_PERIOD

    results = race(*[lambda: deletions.erase_due_accounts(now=due)] * 2)

    assert sum(results) == 1
    assert len(events_named("user.erased")) == 1


def test_asked_for_twice_it_is_one_closing(browser_of, user):
    close(user)

    with pytest.raises(deletions.DeletionAlreadyRequested):
        close(user)
    with pytest.raises(IntegrityError), transaction.atomic():
        Closing.objects.create(user=user, asked_by=user, due_at=timezone.now() + timedelta(days=1))
    assert len(events_named("user.closing_requested")) == 1


def test_staff_enter_it_for_somebody_who_wrote_a_letter(browser_of, user, mailoutbox):
    clerk = officer(superuser=True)
    add = reverse("admin:accounts_closing_add")

    answer = browser_of(clerk).post(add, {"email": user.email, "reason": "Letter of 3 May"})

    assert answer.status_code == 302
    row = Closing.objects.get()
    assert (row.user, row.asked_by, row.reason, row.state) == (user, clerk, "Letter of 3 May", "waiting")
    assert events_named("user.closing_requested")[0].actor_id == str(clerk.uid)
    deliver_events()
    assert "our staff have entered your request" in mailoutbox[-1].body
    assert mailoutbox[-1].to == [user.email]


@pytest.mark.parametrize("typed", [{"email": "nobody@example.com", "reason": "x"}, {"email": "", "reason": "x"}])
def test_staff_are_told_what_is_wrong_on_the_form(browser_of, typed):
    clerk = officer(superuser=True)

    page = browser_of(clerk).post(reverse("admin:accounts_closing_add"), typed)

    assert page.status_code == 200
    assert not Closing.objects.exists()


def test_a_closing_without_a_reason_is_refused_to_staff(user):
    with pytest.raises(deletions.ReasonMissing):
        deletions.request_deletion(user_id=user.pk, by=Actor.person(officer()), reason=" ")


def test_staff_who_signed_in_long_ago_say_again_who_they_are(browser_of, user):
    clerk = officer(superuser=True)

    answer = browser_of(clerk, recently=False).get(reverse("admin:accounts_closing_add"))

    assert answer["Location"].startswith(reverse("account_reauthenticate"))


def test_the_way_there_is_beside_the_person_for_who_may(browser_of, user):
    clerk = officer(superuser=True)
    panel = panels.erase_on_request(user, Grant.session(clerk))
    assert panel.context["closing"] is None
    assert panels.erase_on_request(clerk, Grant.session(clerk)) is None
    assert panels.erase_on_request(user, Grant.session(UserFactory(is_staff=True))) is None

    page = browser_of(clerk).get(reverse("admin:accounts_closing_add"), {"person": user.public_id}).content.decode()

    assert f'value="{user.email}"' in page
    row = close(user)
    assert panels.erase_on_request(user, Grant.session(clerk)).context["closing"] == row


@pytest.mark.parametrize("person", ["", "nobody", "019a9f2e-7b6c-7d8e-9fa0-b1c2d3e4f5a6"])
def test_the_form_of_nobody_is_empty(browser_of, person):
    page = browser_of(officer(superuser=True)).get(reverse("admin:accounts_closing_add"), {"person": person})

    assert page.status_code == 200
    assert page.context["adminform"].form.initial.get("email") is None


def test_staff_keep_an_account_from_the_list(browser_of, user):
    row, clerk = close(user), officer(superuser=True)

    browser_of(clerk).post(
        reverse("admin:accounts_closing_changelist"), {"action": "keep", "_selected_action": [row.pk]}
    )

    assert Closing.objects.get().state == "kept"
    assert events_named("user.closing_cancelled")[0].actor_id == str(clerk.uid)


def test_who_may_not_erase_closes_nobody_elses_account(browser_of, user):
    looks_on = UserFactory(is_staff=True)
    looks_on.user_permissions.add(Permission.objects.get(codename="view_closing"))
    before = snapshot("accounts.Closing", "core.Event")

    for stranger in (UserFactory(), looks_on):
        with pytest.raises(Denied):
            deletions.request_deletion(user_id=user.pk, by=Actor.person(stranger), reason="x")
    with pytest.raises(Denied):
        deletions.request_deletion(user_id=user.pk, by=Actor.guest(), reason="x")

    assert snapshot("accounts.Closing", "core.Event") == before
    close(user)
    with pytest.raises(Denied):
        deletions.cancel_deletion(user_id=user.pk, by=Actor.person(looks_on))


def test_who_may_do_everything_is_closed_by_their_like_only(staff):
    with pytest.raises(Denied):
        deletions.request_deletion(user_id=staff.pk, by=Actor.person(officer()), reason="x")

    assert no_event("user.closing_requested")


def test_who_signed_in_long_ago_says_again_who_they_are(browser_of, user):
    browser = browser_of(user, recently=False)

    assert browser.post(CLOSE, {"email": user.email})["Location"].startswith(reverse("account_reauthenticate"))
    program = browser_of(user, recently=False, kind=APIClient)
    assert program.post(API, {"email": user.email}).json()["code"] == "reauthentication_required"
    assert no_event("user.closing_requested")


def test_the_address_of_a_last_mail_that_cannot_be_sent_goes_after_a_week(user):
    row = close(user)
    due = timezone.now() + deletions.GRACE_PERIOD
    deletions.erase_due_accounts(now=due)
    row.refresh_from_db()
    assert row.last_address == "nora@example.com"

    deletions.purge_last_addresses(now=due + timedelta(days=6))
    assert Closing.objects.exclude(last_address="").exists()
    deletions.purge_last_addresses(now=due + timedelta(days=8))

    assert not Closing.objects.exclude(last_address="").exists()


def test_the_page_costs_what_it_costs_however_many_are_closing(browser_of, user):
    browser = browser_of(user)
    browser.get(CLOSE)
    costs = []
    for more in (0, 23, 76):
        for other in UserFactory.create_batch(more):
            Closing.objects.create(user=other, asked_by=other, due_at=timezone.now() + timedelta(days=1))
        with CaptureQueriesContext(connection) as queries:
            browser.get(CLOSE)
        costs.append(len(queries))

    assert costs[0] == costs[1] == costs[2] <= 8
