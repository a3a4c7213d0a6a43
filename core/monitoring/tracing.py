"""Traces to OpenTelemetry. Imported only when OTEL_EXPORTER_OTLP_ENDPOINT is set.

One trace from the request through its statements and the tasks it sent. Only the attributes named here leave the
site: routes instead of paths, statements without their parameters, the type of an error without its words.
"""

import os
from collections.abc import Sequence
from typing import Any

from celery.signals import worker_process_shutdown
from django.conf import settings
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import Status

from core import context

# Names of the older and the newer semantic conventions: OTEL_SEMCONV_STABILITY_OPT_IN chooses.
ALLOWED_ATTRIBUTES = frozenset(
    {"request_id", "exception.type", "error.type"}
    | {"http.method", "http.route", "http.status_code", "http.request.method", "http.response.status_code"}
    | {"db.system", "db.name", "db.statement", "db.system.name", "db.namespace", "db.query.text"}
    | {"celery.action", "celery.state", "celery.task_name"}
)
NOT_TRACED = "health/,metrics,static/,media/"


def start() -> None:
    """Begin to trace requests, statements and tasks of this process. Call it before the first request.

    Reads the sampler and headers from OpenTelemetry's own variables (OTEL_TRACES_SAMPLER and so on).
    """
    service = os.environ.get("OTEL_SERVICE_NAME", f"agora-{settings.ROLE}")
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(WithRequestId())
    provider.add_span_processor(BatchSpanProcessor(CleanExporter(f"{settings.OTEL_ENDPOINT.rstrip('/')}/v1/traces")))
    trace.set_tracer_provider(provider)
    within = settings.MIDDLEWARE.index("core.web.middleware.RequestIdMiddleware") + 1
    DjangoInstrumentor().instrument(middleware_position=within, excluded_urls=NOT_TRACED)
    PsycopgInstrumentor().instrument()
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    # A worker's child ends without running what was registered for exit.
    worker_process_shutdown.connect(lambda **_: provider.shutdown(), weak=False)


class WithRequestId(SpanProcessor):
    """Each span names the request it belongs to, as logs and events do."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        span.set_attribute("request_id", context.current().request_id)


class CleanExporter(OTLPSpanExporter):
    """Sends spans with nothing but the attributes in KEPT."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return super().export([_cleaned(span) for span in spans])


def _cleaned(span: ReadableSpan) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=_kept(span.attributes),
        events=[Event(event.name, _kept(event.attributes), event.timestamp) for event in span.events],
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _kept(attributes: Any) -> dict[str, Any]:
    return {name: value for name, value in (attributes or {}).items() if name in ALLOWED_ATTRIBUTES}
