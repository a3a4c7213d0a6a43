"""What a person reads of what happened to their account."""

import re
from pathlib import Path

import pytest
from django.urls import reverse

from accounts.security_log import timeline
from accounts.tests.factories import PASSWORD, UserFactory
from core.context import Actor
from core.events import services as events

pytestmark = pytest.mark.django_db

ACTIVITY = reverse("accounts:activity")
HERE = Path(timeline.__file__).parent


@pytest.fixture
def user():
    return UserFactory()


def labels(page):
    return re.findall(r"<b>([^<]+)</b><time", page.content.decode())


def test_a_person_reads_what_happened_the_newest_first(client, user):
    client.post(reverse("account_login"), {"login": user.email, "password": "wrong"})
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})

    page = client.get(ACTIVITY)

    assert labels(page) == ["You signed in", "Somebody entered a wrong password"]
    assert 'data-state="failed"><b>Somebody entered' in page.content.decode()


def test_nobody_reads_what_happened_to_others(client, user):
    other = UserFactory()
    events.record("user.changed_password", other, by=Actor.person(other))
    client.force_login(user)

    assert labels(client.get(ACTIVITY)) == []


@pytest.mark.parametrize("many", [1, 24, 100])
def test_the_page_costs_the_same_for_many_events_and_leads_to_the_older(
    client, user, django_assert_max_num_queries, many
):
    for _ in range(many):
        events.record("user.signed_in", user, by=Actor.person(user))
    client.force_login(user)

    with django_assert_max_num_queries(4):
        page = client.get(ACTIVITY)

    assert len(labels(page)) == min(many, 24)
    assert ("Older" in page.content.decode()) == (many > 24)


def test_a_made_up_cursor_is_refused(client, user):
    client.force_login(user)

    assert client.get(ACTIVITY, {"cursor": "nonsense"}).status_code == 400


def test_every_event_about_a_person_has_words():
    written = "".join(path.read_text() for path in HERE.rglob("*.py") if "tests" not in path.parts)
    recorded = set(re.findall(r'"((?:export|user|role)\.[a-z_]+)"', written))

    about_roles = {"role.saved", "role.deleted", "role.changed_factor_rule"}
    assert recorded - about_roles - {"user.uid"} == {*timeline.LABELS, *timeline.WARNING_LABELS}


def test_strangers_are_sent_to_the_door(client):
    assert client.get(ACTIVITY)["Location"].startswith(reverse("account_login"))
