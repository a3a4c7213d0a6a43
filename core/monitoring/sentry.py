"""Error reports to Sentry or a compatible server. Imported only when SENTRY_DSN is set.

Only the fields named here are sent: where in the code it happened, which route, which request id. No cookies,
headers, bodies, addresses, people, variables or queries; what is left is searched for e-mail addresses.
"""

import logging
import re
from typing import Any

import sentry_sdk
from celery.signals import task_failure, worker_process_shutdown
from django.conf import settings
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration
from sentry_sdk.types import Event, Hint

from core import context

ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
ALLOWED_FIELDS = frozenset(
    {
        "event_id",
        "timestamp",
        "platform",
        "level",
        "logger",
        "release",
        "environment",
        "sdk",
        "transaction",
        "exception",
    }
)
FLUSH_TIMEOUT_SECONDS = 2


def start() -> None:
    """Begin to report errors of requests, tasks, threads and logs of this process."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"agora@{settings.SPECTACULAR_SETTINGS['VERSION']}",
        environment="development" if settings.DEBUG else "production",
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        default_integrations=False,
        integrations=[
            DjangoIntegration(transaction_style="url", signals_spans=False),
            LoggingIntegration(level=None, event_level=logging.ERROR),
            AtexitIntegration(callback=_say_nothing),
            DedupeIntegration(),
            ExcepthookIntegration(),
            ThreadingIntegration(propagate_scope=False),
        ],
        before_send=cleaned,
    )
    task_failure.connect(_report_task, weak=False)
    worker_process_shutdown.connect(_send_the_last, weak=False)


def cleaned(event: Event, hint: Hint) -> Event:
    """What may leave of an event, with the request id by which logs and the event table are found."""
    here = context.current()
    kept: dict[str, Any] = {name: value for name, value in event.items() if name in ALLOWED_FIELDS}
    kept["tags"] = {"request_id": here.request_id, "source": here.source, "role": settings.ROLE}
    for failure in kept.get("exception", {}).get("values", []):
        # A database's message goes on with the row, which may be a customer's.
        failure["value"] = (failure.get("value") or "").partition("\n")[0]
    if record := hint.get("log_record"):
        kept["message"] = record.msg.get("event", "") if isinstance(record.msg, dict) else str(record.msg)
    return _without_addresses(kept)  # type: ignore[no-any-return]


def _without_addresses(part: Any) -> Any:
    if isinstance(part, str):
        return ADDRESS.sub("[address]", part)
    if isinstance(part, dict):
        return {name: _without_addresses(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_without_addresses(value) for value in part]
    return part


def _report_task(exception: BaseException, **_: Any) -> None:
    sentry_sdk.capture_exception(exception)


def _say_nothing(waiting: int, timeout: float) -> None:
    """At exit the library would write to standard error that it is still sending."""


def _send_the_last(**_: Any) -> None:
    # A worker's child ends without running what was registered for exit.
    sentry_sdk.flush(FLUSH_TIMEOUT_SECONDS)
