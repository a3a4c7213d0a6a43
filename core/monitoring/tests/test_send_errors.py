"""Errors arrive at a server that speaks Sentry's protocol, and carry nothing of the people they happened to."""

import json
from collections.abc import Iterator

import pytest
from django.db import IntegrityError, connection
from structlog.testing import capture_logs

from core import context
from core.context import Actor
from core.events import services as house_events
from core.events.models import Event
from core.monitoring import sentry
from core.tests.listener import Listener, run_site

PRIVATE = (
    "clara@example.com",
    "ben@example.org",
    "a-session-key",
    "a-bearer-token",
    "12-clay-street",
    "typed-in-a-form",
    "asked-in-a-query",
    "cup-of-clara",
    "a-local-variable",
)

VIEW = """
def view(request, name):
    remembered = "a-local-variable " + name
    raise ValueError("no cup for clara@example.com\\nDETAIL: Failing row contains (12-clay-street).")
"""
ACT = """
client.cookies["session"] = "a-session-key"
client.post(
    "/cups/cup-of-clara/?q=asked-in-a-query",
    {"email": "ben@example.org", "note": "typed-in-a-form"},
    headers={"X-Request-ID": "request-of-the-test", "Authorization": "Bearer a-bearer-token"},
)

from celery import current_app
import logging, structlog
@current_app.task(name="test.fail")
def fail(address):
    raise KeyError("in a task")
fail.apply(["clara@example.com"])
structlog.get_logger("test").error("kiln_too_hot", person="clara@example.com")
logging.getLogger("test").error("plain %s", "clara@example.com")
"""


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """Has heard what a site with a failing request, a failing task and two errors in its log sent."""
    listener = Listener()
    run_site(VIEW, ACT, SENTRY_DSN=listener.url.replace("://", "://public@") + "/7")
    yield listener
    listener.close()


def events(listener: Listener) -> list[dict]:
    """The error events among the envelopes that came."""
    found = []
    for _, _, body in listener.heard:
        lines = body.splitlines()
        found += [
            json.loads(body)
            for head, body in zip(lines[1::2], lines[2::2], strict=False)
            if json.loads(head)["type"] == "event"
        ]
    return found


def test_the_error_of_a_request_arrives_with_its_place_its_route_and_its_request_id(listener):
    event = events(listener)[0]

    assert listener.heard[0][0] == "/api/7/envelope/"
    assert event["tags"] == {"request_id": "request-of-the-test", "source": "http", "role": "web"}
    assert event["transaction"] == "/cups/{name}/"
    (failure,) = event["exception"]["values"]
    assert (failure["type"], failure["value"]) == ("ValueError", "no cup for [address]")
    assert failure["stacktrace"]["frames"][-1]["function"] == "view"


def test_the_error_of_a_task_and_of_the_log_arrive_too(listener):
    task, *logged = events(listener)[1:]

    assert (task["exception"]["values"][0]["value"], task["tags"]["source"]) == ("'in a task'", "test.fail")
    assert [event["message"] for event in logged] == ["kiln_too_hot", "plain %s"]


def test_nothing_of_the_person_leaves_the_house(listener):
    sent = b"".join(body for _, _, body in listener.heard).decode()

    assert "request-of-the-test" in sent
    assert [word for word in PRIVATE if word in sent] == []


def test_without_the_variables_nothing_is_sent_nor_even_imported():
    """The Redis client itself imports OpenTelemetry's counters where they are installed; nothing else may come."""
    act = """
client.get("/cups/blue/")
parts = ("sentry_sdk", "opentelemetry.sdk.trace", "opentelemetry.exporter", "opentelemetry.instrumentation")
print([name for name in sys.modules if name.startswith(parts)])
"""

    assert run_site(VIEW, act).strip().splitlines()[-1] == "[]"


@pytest.mark.django_db
def test_what_a_database_says_of_a_row_is_left_out():
    with pytest.raises(IntegrityError) as refused, connection.cursor() as cursor:
        cursor.execute("INSERT INTO core_event (name, subject_id) VALUES ('clara lives in 12-clay-street', '1')")
    assert "12-clay-street" in str(refused.value)
    event = {"exception": {"values": [{"type": "IntegrityError", "value": str(refused.value)}]}, "user": {"id": 1}}

    with context.bind(request_id="request-1", source="http"):
        cleaned = sentry.cleaned(event, {})

    assert "12-clay-street" not in json.dumps(cleaned)
    assert set(cleaned) == {"exception", "tags"}


@pytest.mark.django_db
def test_an_event_that_is_given_up_is_an_error_and_one_that_is_tried_again_is_not(monkeypatch):
    monkeypatch.setattr(house_events, "_handlers", {})

    @house_events.on("kiln.fired")
    def fail(event: Event) -> None:
        raise OSError("clara@example.com")

    house_events.record("kiln.fired", ("kiln", "1"), by=Actor.guest())
    (delivery,) = house_events.relay().deliveries

    with capture_logs() as logged:
        for _ in range(house_events.MAX_ATTEMPTS):
            house_events.deliver(delivery)

    assert [line["log_level"] for line in logged] == ["warning"] * 7 + ["error"]
    assert (logged[-1]["event"], logged[-1]["error"]) == ("event_delivery_dead", "OSError")
    assert "clara" not in str(logged)
