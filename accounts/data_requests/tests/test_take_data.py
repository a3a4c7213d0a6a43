"""A person fetches a copy of what is held about them: asked for on the page or by a program, made by the worker."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.api_keys.tests.conftest import key_of
from accounts.data_requests import archive, handlers
from accounts.data_requests.models import DataExport
from accounts.data_requests.services import exports
from accounts.privacy import registry as privacy
from accounts.tests.factories import UserFactory
from core.context import Actor
from core.errors import Denied
from core.events.models import EventDelivery
from core.testing import deliver_events, events_named, failures, no_event, race, snapshot

__all__ = ["key_of"]

pytestmark = pytest.mark.django_db

PAGE, API = reverse("accounts:exports"), "/api/v1/me/exports/"


def ask(user, **how):
    return exports.request_export(user_id=user.pk, by=Actor.person(user), **how)


def link_in(mail):
    return re.search(r"http://\S+(/account/export/\S+)", mail.body)[1]


def kept_files(settings):
    return [path for path in Path(settings.PRIVATE_ROOT).rglob("*") if path.is_file()]


def test_page_and_api_ask_for_the_same_copy_and_tell_the_same(browser_of, user):
    browser_of(user).post(PAGE)
    DataExport.objects.update(state="failed")
    answer = browser_of(user, kind=APIClient).post(API)

    assert answer.status_code == 202
    assert answer.json()["state"] == "waiting"
    first, second = events_named("export.requested")
    assert {**first.data, "export": answer.json()["uid"]} == second.data
    for event in (first, second):
        assert event.subject_id == event.actor_id == str(user.uid)


def test_the_worker_makes_it_and_the_mails_link_leads_to_the_file(browser_of, user, mailoutbox, settings):
    browser = browser_of(user)
    browser.post(PAGE)

    deliver_events()

    [mail] = mailoutbox
    assert mail.to == ["nora@example.com"]
    assert mail.subject == "Your data export is ready"
    answer = browser.get(link_in(mail))
    assert answer["Content-Disposition"] == 'attachment; filename="your-data.zip"'
    assert "no-store" in answer["Cache-Control"]
    content = b"".join(answer.streaming_content)
    with ZipFile(BytesIO(content)) as bundle:
        assert b"nora@example.com" in bundle.read("account/profile.json")
        assert "account/profile.json" in bundle.read("README.txt").decode()
    export = DataExport.objects.get()
    assert (export.state, export.size) == ("ready", len(content))
    assert export.expires_at - export.made_at == timedelta(days=7)
    assert len(kept_files(settings)) == 1


def test_the_secret_is_in_the_mail_and_nowhere_else(browser_of, user, mailoutbox):
    ask(user)
    deliver_events()

    secret = link_in(mailoutbox[0]).rstrip("/").rsplit("/", 1)[1]
    assert len(secret) == 64
    assert secret not in str(snapshot("accounts.DataExport", "core.Event", "core.EventDelivery"))
    assert secret not in browser_of(user).get(PAGE).content.decode()


def test_the_link_works_for_its_person_only_and_not_without_the_secret(browser_of, client, user, mailoutbox):
    ask(user)
    deliver_events()
    link = link_in(mailoutbox[0])
    guessed = reverse("accounts:fetch_export", args=[DataExport.objects.get().uid, "0" * 64])

    assert client.get(link)["Location"].startswith(reverse("account_login"))
    assert browser_of(UserFactory()).get(link).status_code == 404
    assert browser_of(user).get(guessed).status_code == 404
    right = browser_of(user).get(link)
    assert right.status_code == 200
    right.close()


def test_after_seven_days_the_file_is_gone_and_the_link_says_so(browser_of, user, mailoutbox, settings):
    ask(user)
    deliver_events()
    link, made = link_in(mailoutbox[0]), DataExport.objects.get().made_at

    exports.purge_expired(now=made + exports.EXPORT_RETENTION - timedelta(seconds=1))
    assert len(kept_files(settings)) == 1
    with_callbacks(lambda: exports.purge_expired(now=made + exports.EXPORT_RETENTION))

    assert kept_files(settings) == []
    assert DataExport.objects.get().state == "over"
    answer = browser_of(user).get(link)
    assert answer.status_code == 404
    assert "This export has expired" in answer.content.decode()


def test_a_file_that_was_not_yet_swept_is_not_given_out_when_its_time_is_over(user):
    export = ask(user)
    deliver_events()
    secret, late = exports.get_export_secret(export), timezone.now() + exports.EXPORT_RETENTION + timedelta(seconds=5)

    with pytest.raises(exports.ExportExpired):
        exports.open_export(uid=export.uid, secret=secret, viewer=user, now=late)


@pytest.mark.parametrize("method", ["get", "post"])
def test_who_signed_in_long_ago_says_again_who_they_are(user, method):
    browser = APIClient()
    browser.force_login(user)

    answer = getattr(browser, method)(PAGE)

    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    assert no_event("export.requested")


def test_no_key_asks_for_a_copy(key_of, user):
    program = APIClient()
    token = key_of(user, "account:read", "account:write").token
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

    assert program.post(API).json()["code"] == "session_required"
    assert program.get(API).json()["code"] == "session_required"
    assert no_event("export.requested")


def test_a_program_sees_its_persons_copies_only(browser_of, user):
    mine = ask(user)
    others = ask(UserFactory())
    program = browser_of(user, kind=APIClient)

    assert [one["uid"] for one in program.get(API).json()["results"]] == [mine.public_id]
    assert program.get(f"{API}{mine.uid}/").json()["state"] == "waiting"
    assert program.get(f"{API}{others.uid}/").status_code == 404


def test_nobody_asks_for_somebody_elses_copy(user, staff):
    with pytest.raises(Denied):
        exports.request_export(user_id=user.pk, by=Actor.person(staff))

    assert no_event("export.requested")


def test_one_at_a_time_and_three_a_day(browser_of, user):
    program = browser_of(user, kind=APIClient)
    program.post(API)
    again = program.post(API)
    assert (again.status_code, again.json()["code"]) == (409, "export_under_way")
    with pytest.raises(IntegrityError), transaction.atomic():
        DataExport.objects.create(user=user)

    for _n in range(2):
        DataExport.objects.update(state="failed")
        assert program.post(API).status_code == 202
    DataExport.objects.update(state="failed")

    refused = program.post(API)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_exports")
    assert DataExport.objects.count() == 3
    assert ask(user, now=timezone.now() + timedelta(days=1, seconds=5)).state == "waiting"


def test_the_page_says_why_there_is_no_second_copy(browser_of, user):
    ask(user)

    page = browser_of(user).post(PAGE, follow=True).content.decode()

    assert "already in progress" in page


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_at_once_one_is_made():
    user = UserFactory()

    results = race(*[lambda: ask(user)] * 4)

    assert len(failures(results)) == 3
    assert all(isinstance(failure, exports.ExportInProgress) for failure in failures(results))
    assert DataExport.objects.count() == 1


def test_what_fails_halfway_leaves_no_file_and_is_tried_again(user, monkeypatch, settings):
    export = ask(user)

    def broken(person):
        yield privacy.Records("account/half.json", "Half", iter([{"n": 1}]))
        raise OSError(28, "No space left on device")

    handler = privacy.get_handlers()["accounts"]
    with monkeypatch.context() as broke:
        broke.setitem(
            privacy._handlers, "accounts", privacy.DataHandler(handler.words, handler.categories, broken, handler.erase)
        )
        with pytest.raises(OSError, match="No space"):
            exports.make_export(uid=export.public_id)
    assert kept_files(settings) == []
    assert no_event("export.made")

    assert exports.make_export(uid=export.public_id)
    assert len(kept_files(settings)) == 1


def test_a_storage_without_room_leaves_no_half_file_and_no_row(user, monkeypatch, settings):
    export = ask(user)

    def full(name, content):
        Path(settings.PRIVATE_ROOT, name).parent.mkdir(parents=True, exist_ok=True)
        Path(settings.PRIVATE_ROOT, name).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broke:
        broke.setattr(exports.private_storage(), "_save", full)
        with pytest.raises(OSError, match="No space"):
            exports.make_export(uid=export.public_id)

    assert kept_files(settings) == []
    assert DataExport.objects.get().state == "waiting"


def test_made_twice_it_is_kept_once_and_told_once(user, settings, mailoutbox):
    export = ask(user)

    assert exports.make_export(uid=export.public_id) is True
    assert exports.make_export(uid=export.public_id) is False
    deliver_events()

    assert len(kept_files(settings)) == 1
    assert len(events_named("export.made")) == 1
    assert len(mailoutbox) == 1


@pytest.mark.django_db(transaction=True)
def test_made_by_two_workers_at_once_it_is_kept_once(settings):
    export = ask(UserFactory())

    results = race(*[lambda: exports.make_export(uid=export.public_id)] * 2)

    assert sorted(results) == [False, True]
    assert len(kept_files(settings)) == 1
    assert len(events_named("export.made")) == 1


def test_what_the_worker_could_not_make_for_a_day_is_given_up(user):
    asked = timezone.now()
    ask(user, now=asked)

    exports.purge_expired(now=asked + timedelta(hours=23))
    assert DataExport.objects.get().state == "waiting"
    exports.purge_expired(now=asked + timedelta(hours=25))

    assert DataExport.objects.get().state == "failed"


def test_a_second_attempt_of_the_mail_has_the_same_link(user, mailoutbox):
    ask(user)
    deliver_events()
    delivery = EventDelivery.objects.get(handler="accounts.send_link")
    handlers.send_link(delivery.event, "key")

    assert link_in(mailoutbox[0]) == link_in(mailoutbox[1])


def test_the_page_costs_as_much_with_many_copies_as_with_one(browser_of, user):
    browser = browser_of(user)
    browser.get(PAGE)
    costs = []
    for more in (1, 23, 76):
        DataExport.objects.bulk_create(DataExport(user=user, state="failed") for _ in range(more))
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(PAGE).status_code == 200
        costs.append(len(queries))

    assert costs[0] == costs[1] == costs[2] <= 8


def test_an_archive_costs_as_much_with_many_rows_as_with_one(user):
    costs = []
    for more in (1, 23, 76):
        for n in range(more):
            user.devices.create(mark=f"{more}-{n}", browser="Firefox", network="192.0.2.1")
        with CaptureQueriesContext(connection) as queries:
            archive.write_archive(BytesIO(), exports.get_person(user), timezone.now())
        costs.append(len(queries))

    assert costs[0] == costs[1] == costs[2] <= 40


def with_callbacks(act):
    """As if the surrounding transaction of the test were committed."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        act()
