"""Letters to many: each is written down once, sent in handfuls, and nobody gets one who has said no."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.subscriptions import tasks
from accounts.subscriptions.models import Letter, Subscription
from accounts.subscriptions.services import notifications, subscriptions
from accounts.tests.factories import UserFactory
from core.context import Actor
from core.testing import race

pytestmark = pytest.mark.django_db

State = Letter.State


def readers(many, topic="kiln", **more):
    said = {"topic": topic, "state": "active", "confirmed_at": timezone.now(), "source": "page", **more}
    return Subscription.objects.bulk_create(Subscription(email=f"reader{n}@example.com", **said) for n in range(many))


def spread(topic="kiln", key="kiln:1", about="1", **more):
    return notifications.enqueue_for_topic(topic=topic, key=key, about=about, **more)


def states():
    return list(Letter.objects.order_by("pk").values_list("state", flat=True))


def test_every_follower_has_one_letter_with_a_way_out_of_its_own(news):
    rows = readers(3)
    readers(1, "firing")

    assert spread() == 3
    assert spread() == 0  # told again
    tasks.send_letters()
    tasks.send_letters()

    assert sorted(message.to[0] for message in mail.outbox) == [row.email for row in rows]
    for row, message in zip(rows, sorted(mail.outbox, key=lambda message: message.to), strict=True):
        stop = f"/subscriptions/unsubscribe/{subscriptions.get_unsubscribe_token(row)}/"
        assert message.extra_headers["List-Unsubscribe"].endswith(f"{stop}>")
        assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert stop in message.body
        assert "You asked for it." in message.body
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == 3
    assert states() == [State.SENT] * 3


def test_who_did_it_is_not_told_of_it(news):
    user = UserFactory(email="nora@example.com")
    [mine] = Subscription.objects.bulk_create(
        [Subscription(email=user.email, user=user, topic="kiln", state="active", confirmed_at=timezone.now())]
    )
    readers(1)

    spread(except_user_id=user.pk)

    assert list(Letter.objects.values_list("subscription__email", flat=True)) == ["reader0@example.com"]
    assert mine.letters.count() == 0


def test_what_waits_for_a_yes_or_ended_gets_none(news):
    readers(1, state="pending", confirmed_at=None)
    Subscription.objects.create(email="former@example.com", topic="kiln", state="ended", ended_at=timezone.now())

    assert spread() == 0


def test_who_says_no_while_it_is_on_its_way_gets_none(news):
    row, _other = readers(2)
    spread()
    subscriptions.unsubscribe(subscription_id=row.pk, by=Actor.guest())

    notifications.send_due()

    assert [message.to for message in mail.outbox] == [["reader1@example.com"]]
    assert states() == [State.DROPPED, State.SENT]


def test_a_closed_account_gets_none(news):
    user = UserFactory(is_active=False)
    Subscription.objects.create(email=user.email, user=user, topic="kiln", state="active", confirmed_at=timezone.now())
    spread()

    notifications.send_due()

    assert (mail.outbox, states()) == ([], [State.DROPPED])


def test_what_is_no_longer_worth_a_letter_is_dropped(news):
    readers(2)
    news.gone.add("1")
    spread()

    notifications.send_due()

    assert (mail.outbox, states()) == ([], [State.DROPPED] * 2)


def test_what_is_told_once_ends_with_its_letter(news):
    [row] = readers(1, "firing")
    for n in (1, 2):
        spread("firing", f"firing:{n}")

    notifications.send_due()

    assert len(mail.outbox) == 1
    row.refresh_from_db()
    assert (row.state, states()) == ("ended", [State.SENT, State.DROPPED])


def test_a_mail_server_that_is_down_is_tried_again_and_given_up_at_last(news, settings):
    settings.EMAIL_BACKEND = "accounts.tests.mail.Broken"
    readers(1)
    spread()

    for _ in range(notifications.MAX_ATTEMPTS):
        notifications.send_due()
        letter = Letter.objects.get()
        waits = letter.next_at - timezone.now()
        Letter.objects.update(next_at=timezone.now() - timedelta(minutes=1))

    assert (letter.state, letter.attempts) == (State.FAILED, 6)
    assert waits > timedelta(0)
    assert notifications.send_due() is False


def test_after_a_failure_the_letter_goes_out_later(news, settings):
    settings.EMAIL_BACKEND = "accounts.tests.mail.Broken"
    readers(1)
    spread()
    notifications.send_due()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    notifications.send_due()
    assert mail.outbox == []  # its pause is not over
    Letter.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    notifications.send_due()

    assert len(mail.outbox) == 1


def test_a_worker_that_died_leaves_its_handful_to_another_after_the_lease(news):
    readers(1)
    spread()
    assert len(notifications._claim_batch()) == 1  # and dies

    notifications.send_due()
    assert mail.outbox == []
    Letter.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    notifications.send_due()

    assert len(mail.outbox) == 1


def test_writing_down_takes_one_statement_for_any_number(news):
    readers(100)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        spread()

    assert len(asked) == 1


def test_what_happened_is_looked_up_once_a_handful(news, monkeypatch):
    monkeypatch.setattr(notifications, "BATCH_SIZE", 5)
    readers(12)
    spread()

    notifications.send_due()

    assert (len(mail.outbox), news.filled) == (12, 3)


def test_a_long_run_makes_room_for_others(news, monkeypatch):
    monkeypatch.setattr(notifications, "BATCH_SIZE", 1)
    monkeypatch.setattr(notifications, "MAX_RUN_SECONDS", -1)
    sent = []
    monkeypatch.setattr(tasks.send_letters, "delay", lambda: sent.append("again"))
    readers(2)
    spread()

    tasks.send_letters()

    assert (len(mail.outbox), sent) == (1, ["again"])


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_send_each_letter_once(news, monkeypatch):
    monkeypatch.setattr(notifications, "BATCH_SIZE", 3)
    lock, sent = threading.Lock(), []

    def keep(template, *, to, **more):
        with lock:
            sent.append(to)

    monkeypatch.setattr(notifications.mail, "send", keep)
    readers(30)
    spread()

    race(*[notifications.send_due] * 4)

    assert sorted(sent) == sorted(row.email for row in Subscription.objects.all())


def test_old_letters_are_forgotten(news):
    now = timezone.now()
    readers(2)
    spread()
    first, second = Letter.objects.order_by("pk")
    Letter.objects.filter(pk=first.pk).update(state="sent", done_at=now - timedelta(days=91))
    Letter.objects.filter(pk=second.pk).update(state="sent", done_at=now)

    notifications.purge_expired(now=now)

    assert list(Letter.objects.all()) == [second]


@pytest.mark.parametrize(
    "failure", [ValueError("header"), UnicodeError("x"), KeyError("x"), RuntimeError("x")], ids=repr
)
def test_failure_of_one_letter_defers_that_letter_alone_and_ends(news, monkeypatch, failure):
    rows = readers(3)
    spread()
    send = notifications.mail.send

    def fail_for_one(template, *, to, **more):
        if to == rows[0].email:
            raise failure
        send(template, to=to, **more)

    monkeypatch.setattr(notifications.mail, "send", fail_for_one)

    notifications.send_due()
    assert states() == [State.WAITING, State.SENT, State.SENT]
    for _ in range(notifications.MAX_ATTEMPTS - 1):
        Letter.objects.filter(state=State.WAITING).update(next_at=timezone.now() - timedelta(minutes=1))
        notifications.send_due()

    assert states() == [State.FAILED, State.SENT, State.SENT]
    assert notifications.send_due() is False


def test_failure_to_look_up_one_thing_defers_only_letters_about_it(news, monkeypatch):
    readers(1)
    spread(key="kiln:1", about="1")
    spread(key="kiln:2", about="2")
    topic = notifications.topics.get_topic("kiln")

    def write(about):
        return {"title": about, "url": "https://agora.example/"} if about == "2" else {}["missing"]

    monkeypatch.setattr(notifications.topics, "_topics", {"kiln": replace(topic, write=write)})

    notifications.send_due()

    assert states() == [State.WAITING, State.SENT]


def test_letter_that_kills_every_worker_ends_and_holds_up_no_other(news, monkeypatch):
    readers(2)
    spread()
    killer = Letter.objects.earliest("pk")
    Letter.objects.filter(pk=killer.pk).update(attempts=1)

    assert [letter.pk for letter in notifications._claim_batch()][-1] == killer.pk
    Letter.objects.update(attempts=notifications.MAX_ATTEMPTS, next_at=timezone.now() - timedelta(minutes=1))
    notifications.send_due()

    assert states() == [State.FAILED, State.FAILED]
    assert mail.outbox == []
