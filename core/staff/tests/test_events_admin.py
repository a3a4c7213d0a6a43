"""Staff see what happened and send again what died."""

import pytest
from django.urls import reverse

from core.context import Actor
from core.events import services as events
from core.events.models import Event, EventDelivery


@pytest.fixture
def dead(db: None) -> EventDelivery:
    event = events.record("thing.happened", ("thing", "1"), by=Actor.system("test"))
    return EventDelivery.objects.create(event=event, handler="x.y", state="dead", attempts=8, error="OSError")


def test_a_dead_delivery_is_replayed_from_the_list(client, staff, dead):
    client.force_login(staff)

    response = client.post(
        reverse("admin:core_eventdelivery_changelist"), {"action": "replay", "_selected_action": [dead.pk]}
    )

    dead.refresh_from_db()
    assert response.status_code == 302
    assert (dead.state, dead.attempts) == ("pending", 0)


def test_replay_is_refused_to_staff_without_the_permission(client, author, dead):
    client.force_login(author)

    response = client.post(
        reverse("admin:core_eventdelivery_changelist"), {"action": "replay", "_selected_action": [dead.pk]}
    )

    dead.refresh_from_db()
    assert response.status_code == 403
    assert dead.state == "dead"


@pytest.mark.parametrize("verb", ["add", "delete"])
def test_nobody_adds_or_deletes_events_by_hand(client, staff, dead, verb):
    client.force_login(staff)
    args = [] if verb == "add" else [dead.event_id]

    response = client.post(reverse(f"admin:core_event_{verb}", args=args), {"post": "yes"})

    assert response.status_code == 403
    assert Event.objects.count() == 1


def test_the_list_takes_the_same_queries_for_many_events(client, staff, django_assert_max_num_queries):
    client.force_login(staff)
    for number in range(60):
        events.record("thing.happened", ("thing", str(number)), by=Actor.system("test"))

    with django_assert_max_num_queries(8):
        assert client.get(reverse("admin:core_event_changelist")).status_code == 200


def test_an_events_page_shows_its_deliveries_and_why_one_failed(client, staff, dead):
    client.force_login(staff)

    page = client.get(reverse("admin:core_event_change", args=[dead.event_id])).content.decode()

    assert '<th scope="row">x.y</th><td>dead</td><td>8</td>' in page
    assert "<td>OSError</td>" in page
