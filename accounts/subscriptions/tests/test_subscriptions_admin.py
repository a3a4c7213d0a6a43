"""Subscribers for staff: looked at, ended, and taken along by those who may."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.permissions.models import Role
from accounts.subscriptions.admin import iterate_csv_lines
from accounts.subscriptions.models import Subscription
from accounts.tests.factories import UserFactory
from core.testing import JustSignedIn, events_named, no_event

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("news")]

LIST = reverse("admin:accounts_subscription_changelist")


@pytest.fixture
def client():
    return JustSignedIn()


@pytest.fixture
def rows():
    return Subscription.objects.bulk_create(
        Subscription(email=email, topic="kiln", state="active", confirmed_at=timezone.now(), source="page")
        for email in ("=cmd@example.com", "nora@example.com")
    )


def act(client, name, rows):
    return client.post(LIST, {"action": name, "_selected_action": [row.pk for row in rows]})


def test_the_owner_takes_a_list_along_and_it_is_noted(client, staff, rows):
    client.force_login(staff)

    answer = act(client, "export", rows)

    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert lines[0] == "email,topic,state,source,created_at,confirmed_at,ended_at"
    assert lines[1].startswith("'=cmd@example.com,kiln,active,page,")
    assert lines[2].startswith("nora@example.com,kiln,active,page,")
    [event] = events_named("subscription.exported")
    assert (event.actor_id, event.data) == (str(staff.uid), {"count": 2})


def test_who_may_only_look_ends_and_exports_nothing(client, rows):
    user = UserFactory(is_staff=True)
    role = Role.objects.get(slug="analyst")
    role.group.permissions.add(*_permissions("view_subscription"))
    user.groups.add(role.group)
    client.force_login(user)

    assert client.get(LIST).status_code == 200
    for name in ("export", "end"):
        act(client, name, rows)

    assert {row.state for row in Subscription.objects.all()} == {"active"}
    assert no_event("subscription.exported")


def test_staff_end_what_was_asked_for(client, staff, rows):
    client.force_login(staff)

    act(client, "end", rows[:1])

    assert list(Subscription.objects.order_by("pk").values_list("state", flat=True)) == ["ended", "active"]
    assert [event.actor_id for event in events_named("subscription.ended")] == [str(staff.uid)]


def test_nothing_is_read_before_it_is_written_out(rows, django_assert_num_queries):
    with django_assert_num_queries(0):
        lines = iterate_csv_lines(Subscription.objects.all())
        next(lines)

    assert len(list(lines)) == 2


def _permissions(*codes):
    from django.contrib.auth.models import Permission

    return Permission.objects.filter(content_type__app_label="accounts", codename__in=codes)
