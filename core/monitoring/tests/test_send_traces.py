"""A trace from the request through its statements arrives at an OpenTelemetry collector, without what was asked."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from core.tests.listener import Listener, run_site

VIEW = """
def view(request, name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text AS cup", ["a-parameter-of-clara"])
    if name == "broken":
        raise ValueError("no cup for clara@example.com")
    return HttpResponse("ok")
"""
ACT = """
client.get("/cups/cup-of-clara/?q=asked", headers={"X-Request-ID": "request-of-the-test", "traceparent": "TRACE"})
client.get("/cups/broken/?q=asked", headers={"User-Agent": "clara-browser"})
client.get("/health/live")
client.get("/metrics")

from celery import current_app
from celery.signals import task_postrun, task_prerun
from opentelemetry import trace
@current_app.task(name="test.fire")
def fire():
    pass
with trace.get_tracer("test").start_as_current_span("sender"):
    fire.delay()
    with current_app.connection_for_read() as link:
        headers = link.default_channel.basic_get("celery", no_ack=True).headers
fire.push_request(**headers)
task_prerun.send(sender=fire, task=fire, task_id=headers["id"])
task_postrun.send(sender=fire, task=fire, task_id=headers["id"], state="SUCCESS")
"""
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    """Has heard the spans of a request that went well, one that failed, two probes and a task."""
    listener = Listener()
    act = ACT.replace("TRACE", TRACE)
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": listener.url, "REDIS_PREFIX": "agora-traces", "BEHIND_PROXY": "1"}
    run_site(VIEW, act, **environment)
    yield listener
    listener.close()


class Span:
    """A span as the collector reads it."""

    def __init__(self, resource: Any, span: Any) -> None:
        self.service = {one.key: one.value.string_value for one in resource.attributes}["service.name"]
        self.name, self.trace = span.name, span.trace_id.hex()
        self.id, self.parent = span.span_id.hex(), span.parent_span_id.hex()
        self.attributes = {one.key: one.value.string_value or one.value.int_value for one in span.attributes}
        self.events = [{one.key: one.value.string_value for one in event.attributes} for event in span.events]
        self.failed = span.status.code == span.status.STATUS_CODE_ERROR


def spans(listener: Listener) -> list[Span]:
    found = []
    for path, _, body in listener.heard:
        assert path == "/v1/traces"
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            found += [Span(resource.resource, span) for scope in resource.scope_spans for span in scope.spans]
    return found


def test_the_request_and_its_statement_arrive_as_one_trace(listener):
    ours = [span for span in spans(listener) if span.trace == TRACE[3:35]]

    request = next(span for span in ours if span.name == "GET cups/<str:name>/")
    statement = next(span for span in ours if "AS cup" in str(span.attributes.get("db.statement")))
    assert (request.service, request.parent) == ("agora-web", TRACE[36:52])
    assert request.attributes == {
        "request_id": "request-of-the-test",
        "http.method": "GET",
        "http.route": "cups/<str:name>/",
        "http.status_code": 200,
    }
    assert statement.parent == request.id
    assert statement.attributes == {
        "request_id": "request-of-the-test",
        "db.system": "postgresql",
        "db.name": "agora",
        "db.statement": "SELECT %s::text AS cup",
    }


def test_neither_parameters_nor_paths_nor_words_of_errors_leave_the_house(listener):
    sent = b"".join(body for _, _, body in listener.heard)

    assert any(span.failed and span.events == [{"exception.type": "ValueError"}] for span in spans(listener))
    private = (b"a-parameter-of-clara", b"cup-of-clara", b"asked", b"clara@example.com", b"clara-browser", b"127.0.0.1")
    assert [word for word in private if word in sent] == []


def test_a_task_belongs_to_the_trace_of_who_sent_it(listener):
    named = {span.name: span for span in spans(listener)}

    assert named["run/test.fire"].trace == named["sender"].trace
    assert named["run/test.fire"].attributes["celery.task_name"] == "test.fire"


def test_probes_and_scrapes_are_not_traced(listener):
    requests = [span.name for span in spans(listener) if span.name.startswith("GET")]

    assert requests == ["GET cups/<str:name>/"] * 2


def test_an_absent_collector_holds_up_nobody():
    act = 'import time; started = time.monotonic(); client.get("/cups/a/"); print(time.monotonic() - started < 2)'
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}

    assert run_site(VIEW, act, **environment).strip() == "True"
