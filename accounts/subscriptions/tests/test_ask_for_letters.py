"""Asking for letters: nobody is written to who did not say yes, and no answer tells who is known."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts.subscriptions.models import Subscription
from accounts.subscriptions.services import notifications, subscriptions
from accounts.subscriptions.services.subscriptions import InvalidLink, TopicNotFound
from accounts.tests.factories import PASSWORD, UserFactory
from accounts.users.models import User
from core.context import Actor, Grant
from core.testing import deliver_events, events_named, failures, no_event, race, snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("news")]

GUEST, NOBODY = Actor.guest(), Grant.anonymous()
HERE = {"headers": {"origin": "http://testserver"}}
State = Subscription.State


def ask(email="nora@example.com", topic="kiln", viewer=NOBODY, **more):
    return subscriptions.subscribe(email=email, topic=topic, viewer=viewer, source="page", **more)


def post(client, email="nora@example.com", topic="kiln", **more):
    return client.post("/subscriptions/", {"email": email, "topic": topic, **more}, **HERE)


def link_in(message, way):
    return re.search(rf"/subscriptions/{way}/[^\s\"<>]+/", message.body)[0]


def test_a_stranger_is_asked_by_mail_and_says_yes_by_a_button(client):
    page = post(client, " Nora@Example.com ")
    deliver_events()
    [question] = mail.outbox
    yes = link_in(question, "confirm")

    looked_at = client.get(yes)
    state_after_a_look = Subscription.objects.get().state
    said = client.post(yes)

    assert (page.status_code, page["Location"]) == (303, "/subscriptions/check-your-inbox/")
    assert question.to == ["nora@example.com"]
    assert (looked_at.status_code, state_after_a_look) == (200, State.PENDING)
    assert said.status_code == 200
    assert "You are subscribed" in said.content.decode()
    row = Subscription.objects.get()
    assert (row.email, row.topic, row.state, row.source) == ("nora@example.com", "kiln", State.ACTIVE, "page")
    assert [event.data for event in events_named("subscription.confirmed")] == [{"topic": "kiln"}]


def test_the_mail_and_its_links_hold_nothing_personal_and_offer_the_way_out_to_mail_clients(client):
    post(client, "nora.quist@example.com")
    deliver_events()

    [question] = mail.outbox

    assert "nora" not in question.body.lower()
    assert "nora" not in question.alternatives[0][0].lower()
    assert question.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link_in(question, "unsubscribe") in question.extra_headers["List-Unsubscribe"]


def test_the_answer_is_the_same_for_a_subscriber_an_account_and_nobody(client):
    UserFactory(email="known@example.com")
    follower = UserFactory(email="follower@example.com")
    ask("follower@example.com", viewer=Grant.session(follower))

    answers = [post(Client(), email) for email in ("follower@example.com", "known@example.com", "new@example.com")]

    assert len({(answer.status_code, answer["Location"], answer.content) for answer in answers}) == 1
    deliver_events()
    assert sorted(message.to[0] for message in mail.outbox) == ["known@example.com", "new@example.com"]


def test_ones_own_verified_address_needs_no_mail(client):
    user = UserFactory(email="nora@example.com")
    client.force_login(user)

    page = post(client, "nora@example.com")

    assert (page.status_code, page["Location"]) == (303, "/account/notifications/")
    row = Subscription.objects.get()
    assert (row.state, row.user) == (State.ACTIVE, user)
    assert no_event("subscription.asked")


def test_another_address_is_asked_although_somebody_is_signed_in(client):
    client.force_login(UserFactory(email="nora@example.com"))

    page = post(client, "other@example.com")

    assert page["Location"] == "/subscriptions/check-your-inbox/"
    assert Subscription.objects.get().state == State.PENDING


def test_an_address_that_one_has_not_verified_is_asked_first():
    user = UserFactory(email="nora@example.com")
    EmailAddress.objects.update(verified=False)

    assert ask("nora@example.com", viewer=Grant.session(user)) is False

    assert Subscription.objects.get().state == State.PENDING


def test_what_one_may_not_know_of_cannot_be_followed():
    for topic in ("kiln:members", "kiln:none", "nothing", ""):
        with pytest.raises(TopicNotFound):
            ask(topic=topic)

    assert not Subscription.objects.exists()
    assert ask("nora@example.com", "kiln:members", Grant.session(UserFactory(email="nora@example.com"))) is True


def test_an_address_is_asked_again_after_some_hours_only():
    now = timezone.now()
    soon, later = now + timedelta(hours=5, minutes=59), now + timedelta(hours=6)

    for moment in (now, soon, later):
        ask(now=moment)

    assert [event.at for event in events_named("subscription.asked")] == [now, later]


def test_many_topics_do_not_flood_an_address(news, monkeypatch):
    monkeypatch.setattr(subscriptions, "MAX_CONFIRMATIONS", 2)
    for topic in ("kiln", "kiln:open", "firing"):
        ask(topic=topic)
        ask("other@example.com", topic=topic)

    assert Subscription.objects.filter(email="nora@example.com").count() == 2
    assert len(events_named("subscription.asked")) == 4


@pytest.mark.django_db(transaction=True)
def test_an_address_typed_by_many_at_once_is_asked_once():
    results = race(*[ask] * 6)

    assert failures(results) == []
    assert len(events_named("subscription.asked")) == 1


def test_a_network_types_so_many_addresses_an_hour(client):
    answers = [post(client, f"nora{n}@example.com").status_code for n in range(11)]

    assert answers == [303] * 10 + [429]
    assert Subscription.objects.count() == 10


def test_a_program_that_fills_every_field_hears_the_same_and_nothing_is_kept(client):
    page = post(client, website="https://casino.example")

    assert (page.status_code, page["Location"]) == (303, "/subscriptions/check-your-inbox/")
    assert not Subscription.objects.exists()
    assert no_event("subscription.asked")


def test_a_form_on_another_site_asks_nobody(client):
    page = client.post(
        "/subscriptions/", {"email": "nora@example.com", "topic": "kiln"}, headers={"origin": "https://x.test"}
    )

    assert page.status_code == 403
    assert not Subscription.objects.exists()


def test_an_address_that_is_none_is_told_so(client):
    page = post(client, "nora@")

    assert page.status_code == 422
    assert not Subscription.objects.exists()


def test_a_yes_works_for_a_week_and_for_what_it_was_given_only(client):
    ask()
    row = Subscription.objects.get()
    token = subscriptions.get_confirm_token(row)
    before = snapshot("accounts.Subscription", "core.Event")

    refused = [
        token[:-1] + ("x" if token[-1] != "x" else "y"),
        subscriptions.get_unsubscribe_token(row),
        "x",
        f"{row.uid}",
    ]
    for wrong in refused:
        assert client.post(f"/subscriptions/confirm/{wrong}/").status_code == 422

    assert snapshot("accounts.Subscription", "core.Event") == before


def test_a_yes_that_comes_too_late_is_refused(monkeypatch):
    ask()
    token = subscriptions.get_confirm_token(Subscription.objects.get())
    monkeypatch.setattr(subscriptions, "CONFIRMATION_MAX_AGE", timedelta(seconds=-1))

    with pytest.raises(InvalidLink):
        subscriptions.confirm(token=token, by=GUEST)

    assert no_event("subscription.confirmed")


def test_an_old_yes_does_not_take_a_no_back():
    ask()
    row = Subscription.objects.get()
    subscriptions.confirm(token=subscriptions.get_confirm_token(row), by=GUEST)
    subscriptions.unsubscribe(subscription_id=row.pk, by=GUEST)

    with pytest.raises(InvalidLink):
        subscriptions.confirm(token=subscriptions.get_confirm_token(row), by=GUEST)

    assert Subscription.objects.get().state == State.ENDED


def test_a_yes_again_is_no_change():
    ask()
    token = subscriptions.get_confirm_token(Subscription.objects.get())

    for _ in range(2):
        subscriptions.confirm(token=token, by=GUEST)

    assert len(events_named("subscription.confirmed")) == 1


def test_a_mail_client_ends_it_by_itself_without_session_or_token():
    ask()
    row = Subscription.objects.get()
    subscriptions.confirm(token=subscriptions.get_confirm_token(row), by=GUEST)
    client, url = (
        Client(enforce_csrf_checks=True),
        f"/subscriptions/unsubscribe/{subscriptions.get_unsubscribe_token(row)}/",
    )

    looked_at = client.get(url)
    state_after_a_look = Subscription.objects.get().state
    ended = client.post(url, {"List-Unsubscribe": "One-Click"})

    assert (looked_at.status_code, state_after_a_look, ended.status_code) == (200, State.ACTIVE, 200)
    assert Subscription.objects.get().state == State.ENDED
    assert [event.actor_kind for event in events_named("subscription.ended")] == ["guest"]


def test_one_click_unsubscribe_at_the_former_address_still_works():
    ask()
    row = Subscription.objects.get()
    subscriptions.confirm(token=subscriptions.get_confirm_token(row), by=GUEST)
    client, token = Client(enforce_csrf_checks=True), subscriptions.get_unsubscribe_token(row)

    visited = client.get(f"/letters/no/{token}/")
    state_after_visit = Subscription.objects.get().state
    posted = client.post(f"/letters/no/{token}/", {"List-Unsubscribe": "One-Click"})

    assert (visited.status_code, visited["Location"]) == (301, f"/subscriptions/unsubscribe/{token}/")
    assert (state_after_visit, posted.status_code) == (State.ACTIVE, 200)
    assert Subscription.objects.get().state == State.ENDED


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("/letters/?topic=kiln", "/subscriptions/?topic=kiln"),
        ("/letters/asked/", "/subscriptions/check-your-inbox/"),
        ("/letters/yes/a:b:c/", "/subscriptions/confirm/a:b:c/"),
        ("/account/letters/", "/account/notifications/"),
        ("/account/programs/", "/account/connected-apps/"),
        ("/account/keys/", "/account/api-keys/"),
        ("/account/close/", "/account/delete/"),
        ("/account/closing/", "/account/pending-deletion/"),
        ("/account/security/codes/", "/account/security/recovery-codes/"),
    ],
)
def test_former_addresses_redirect_permanently(client, former, present):
    page = client.get(former)

    assert (page.status_code, page["Location"]) == (301, present)


def test_what_waits_for_a_yes_can_be_refused_for_good_for_some_hours():
    ask()
    row = Subscription.objects.get()
    subscriptions.unsubscribe(subscription_id=row.pk, by=GUEST)

    ask()

    assert Subscription.objects.get().state == State.ENDED
    assert len(events_named("subscription.asked")) == 1


def test_who_verifies_an_address_has_what_was_asked_for_there(client):
    ask("nora@example.com")
    user = UserFactory(email="nora@example.com")

    subscriptions.attach_subscriptions(user=user)

    assert Subscription.objects.get().user == user


def test_topics_follow_a_person_to_another_address():
    user = UserFactory(email="old@example.com")
    for topic in ("kiln", "kiln:open"):
        ask("old@example.com", topic, Grant.session(user))
    ask("new@example.com", "kiln")
    User.objects.filter(pk=user.pk).update(email="new@example.com")
    EmailAddress.objects.update(email="new@example.com")
    user.refresh_from_db()

    subscriptions.attach_subscriptions(user=user)

    kept = Subscription.objects.order_by("topic").values_list("email", "topic", "user")
    assert list(kept) == [("new@example.com", "kiln", user.pk), ("new@example.com", "kiln:open", user.pk)]


def test_the_account_page_switches_topics_off_and_on(client):
    user = UserFactory(email="nora@example.com")
    client.force_login(user)

    client.post("/account/notifications/", {"topic": "kiln"})
    on = client.get("/account/notifications/").content.decode()
    row = Subscription.objects.get()
    client.post(f"/account/notifications/{row.uid}/end/")
    off = client.get("/account/notifications/").content.decode()

    assert "Turn off" in on
    assert "Turn off" not in off
    assert Subscription.objects.get().state == State.ENDED
    client.post("/account/notifications/", {"topic": "kiln"})
    assert Subscription.objects.get().state == State.ACTIVE


def test_nobody_ends_what_is_anothers(client):
    ask("nora@example.com", viewer=Grant.session(UserFactory(email="nora@example.com")))
    client.force_login(UserFactory())

    page = client.post(f"/account/notifications/{Subscription.objects.get().uid}/end/")

    assert page.status_code == 404
    assert Subscription.objects.get().state == State.ACTIVE


@pytest.mark.parametrize("many", [1, 24])
def test_the_account_page_costs_the_same_for_one_topic_and_many(client, news, django_assert_num_queries, many):
    user = UserFactory(email="nora@example.com")
    Subscription.objects.bulk_create(
        Subscription(email=user.email, user=user, topic=f"kiln:{n}", state="active", confirmed_at=timezone.now())
        for n in range(many)
    )
    assert client.login(email=user.email, password=PASSWORD) or client.force_login(user) is None

    client.get("/account/notifications/")
    with django_assert_num_queries(5):  # the session, the person, the standing ones, the page, and unread messages
        page = client.get("/account/notifications/")

    assert page.content.decode().count("Turn off") == many


@pytest.mark.parametrize(
    "broken",
    [
        {"email": "Nora@example.com"},
        {"topic": ""},
        {"state": "maybe"},
        {"state": "active"},
        {"state": "ended"},
        {"ended_at": timezone.now()},
    ],
)
def test_the_database_refuses_what_makes_no_sense(broken):
    whole = {"email": "nora@example.com", "topic": "kiln", "source": "page", **broken}

    with pytest.raises(IntegrityError), transaction.atomic():
        Subscription.objects.create(**whole)


def test_questions_that_nobody_answered_are_forgotten():
    now = timezone.now()
    ask("old@example.com", now=now - timedelta(days=91))
    ask("new@example.com", now=now)

    notifications.purge_expired(now=now)

    assert list(Subscription.objects.values_list("email", flat=True)) == ["new@example.com"]
