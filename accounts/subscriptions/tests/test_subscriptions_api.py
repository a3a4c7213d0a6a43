"""Letters for programs: the same rules as on pages."""

import pytest
from rest_framework.test import APIClient

from accounts.api_keys import services as api_keys
from accounts.subscriptions.models import Subscription
from accounts.subscriptions.services import subscriptions
from accounts.tests.factories import UserFactory
from core.context import Actor, Grant
from core.testing import events_named

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("news")]

MINE, ASK = "/api/v1/me/subscriptions/", "/api/v1/subscriptions/"


@pytest.fixture
def user():
    return UserFactory(email="nora@example.com")


@pytest.fixture
def program(user):
    key = api_keys.add_key(
        user_id=user.pk, name="Till", scopes=["account:read", "account:write"], by=Actor.person(user)
    )
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key.token}")
    return client


def test_a_program_follows_for_its_person_and_stops(program, user):
    made = program.post(MINE, {"topic": "kiln"})
    listed = program.get(MINE).json()["results"]
    stopped = program.delete(f"{MINE}{made.json()['uid']}/")

    assert (made.status_code, made.json()["state"], made.json()["email"]) == (201, "active", user.email)
    assert [row["topic"] for row in listed] == ["kiln"]
    assert stopped.status_code == 204
    assert Subscription.objects.get().state == "ended"
    assert [event.actor_id for event in events_named("subscription.ended")] == [str(user.uid)]


def test_a_topic_that_there_is_not_is_not_found(program):
    answer = program.post(MINE, {"topic": "nothing"})

    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_topic")
    assert not Subscription.objects.exists()


def test_nobody_sees_or_ends_what_is_anothers(program):
    other = UserFactory(email="other@example.com")
    subscriptions.subscribe(email=other.email, topic="kiln", viewer=Grant.session(other), source="page")
    row = Subscription.objects.get()

    assert program.get(MINE).json()["results"] == []
    assert program.delete(f"{MINE}{row.uid}/").status_code == 404
    assert Subscription.objects.get().state == "active"


def test_any_address_is_asked_and_every_answer_is_the_same(user):
    subscriptions.subscribe(email=user.email, topic="kiln", viewer=Grant.session(user), source="page")
    stranger = APIClient()

    answers = [stranger.post(ASK, {"email": email, "topic": "kiln"}) for email in (user.email, "new@example.com")]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(202, {"state": "asked"})] * 2
    assert [event.data for event in events_named("subscription.asked")] == [{"topic": "kiln"}]


def test_a_network_asks_so_often_an_hour():
    stranger = APIClient()

    answers = [stranger.post(ASK, {"email": f"n{n}@example.com", "topic": "kiln"}).status_code for n in range(11)]

    assert answers == [202] * 10 + [429]
    assert Subscription.objects.count() == 10


@pytest.mark.parametrize("many", [1, 24, 100])
def test_the_list_costs_the_same_for_one_and_many(program, user, django_assert_num_queries, many):
    Subscription.objects.bulk_create(
        Subscription(email=user.email, user=user, topic=f"kiln:{n}", source="page") for n in range(many)
    )
    program.get(MINE)

    with django_assert_num_queries(2):  # the key with its person, the page
        answer = program.get(f"{MINE}?page_size=100")

    assert len(answer.json()["results"]) == many
