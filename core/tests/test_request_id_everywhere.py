"""One id from the proxy through log, event, task and mail, so that what one visitor did can be found in all of them."""

import json
import logging

import pytest
from celery import current_app
from celery.signals import task_postrun, task_prerun
from django.core import mail
from django.http import HttpResponse

import core.mail.services
from core import context
from core.context import Actor
from core.events import services as events
from core.events.models import Event
from core.events.tasks import deliver_event, relay_events
from core.web.middleware import RequestIdMiddleware

ID = "id-of-the-proxy-42"


@pytest.fixture
def handlers(monkeypatch):
    """A place for handlers that only this test hears."""
    monkeypatch.setattr(events, "_handlers", {})


def take_task() -> tuple[dict, list]:
    """Take the next task out of the broker as a worker would: its headers and its arguments."""
    with current_app.connection_for_read() as connection:
        message = connection.default_channel.basic_get("celery", no_ack=True)
    return message.headers, json.loads(message.body)[0]


def work_off(task) -> list:
    """Run the next task of the broker with what its message carries; return its arguments."""
    headers, arguments = take_task()
    task.push_request(**headers)
    task_prerun.send(sender=task, task=task)
    try:
        task(*arguments)
    finally:
        task_postrun.send(sender=task, task=task, state="SUCCESS")
        task.pop_request()
    return arguments


@pytest.fixture
def empty_queue():
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge("celery")
        yield
        connection.default_channel.queue_purge("celery")


@pytest.mark.django_db(transaction=True)
def test_the_id_travels_from_the_proxy_to_the_mail(rf, handlers, empty_queue, caplog, capsys):
    @events.on("kiln.fired", outside=True)
    def write(event: Event, key: str) -> None:
        logging.getLogger("kiln").warning("writing")
        core.mail.services.send("webhook_disabled", to="clara@example.com", key=key)

    def view(request):
        events.record("kiln.fired", ("kiln", "1"), by=Actor.guest())
        return HttpResponse()

    caplog.set_level(logging.INFO)
    seen = []
    caplog.handler.addFilter(lambda record: seen.append((record.name, context.current().request_id)) or True)

    response = RequestIdMiddleware(view)(rf.post("/", headers={"X-Request-ID": ID}))
    line = capsys.readouterr().err
    work_off(relay_events)
    work_off(deliver_event)

    assert response["X-Request-ID"] == ID
    assert Event.objects.get(name="kiln.fired").request_id == ID
    assert json.loads(line)["request_id"] == ID
    assert ("kiln", ID) in seen
    assert mail.outbox[0].extra_headers["X-Request-ID"] == ID
    assert context.current().request_id == ""


@pytest.mark.parametrize(
    ("given", "taken"),
    [("id-of-the-proxy-42", True), ("short", False), ("x" * 65, False), ("a b c d e f", False), ("", False)],
)
def test_an_id_is_taken_or_made(given, taken):
    made = context.request_id_from(given)

    assert (made == given) == taken
    assert taken or len(made) == 32
