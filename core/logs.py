"""Logs: one JSON object a line in production, readable lines in development; the request id on each."""

import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, lru_cache
from threading import Lock
from typing import Any

import structlog

from core import context

SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "code")


def add_request_context(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Add the request's id and the source that `core.context` knows, where it knows any."""
    now = context.current()
    if now.request_id or now.source:
        event.setdefault("request_id", now.request_id)
        event.setdefault("source", now.source)
    return event


def hide_secrets(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace the value of anything that is named like a secret."""
    for name in filter(_is_secret, event):
        event[name] = "[hidden]"
    return event


@lru_cache(1000)  # names come from our code, and are few
def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET_WORDS)


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    """Writes a log line unchanged. The library's copies the record first, for other handlers to be served."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.last = tuple(self.processors[1:])  # without the one that takes the library's own keys out again

    def format(self, record: logging.LogRecord) -> str:
        if not hasattr(record, "_logger"):  # not written by structlog
            return super().format(record)
        line: Any = dict(record.msg)  # type: ignore[arg-type]  # others may read it after us
        for process in self.last:
            line = process(None, "", line)
        return str(line)


def to_json(line: Any, *, default: Callable[[Any], Any]) -> str:
    """Like `json.dumps`, which makes an encoder for each line."""
    return _encoder(default).encode(line)


@cache
def _encoder(default: Callable[[Any], Any]) -> json.JSONEncoder:
    return json.JSONEncoder(default=default)


SHARED: list[structlog.typing.Processor] = [
    add_request_context,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    hide_secrets,
]


_renderers: dict[bool, structlog.typing.Processor] = {
    True: structlog.dev.ConsoleRenderer(colors=False),
    False: structlog.processors.JSONRenderer(to_json),
}
_writing = Lock()


def log_request(now: context.Context, *, is_readable: bool, **said: Any) -> None:
    """Write the line that each request leaves, with nothing secret in it.

    It looks like all others. But on the way through Python's logging, where other handlers might want it, it would
    take longer than most of what a request passes through.
    """
    moment = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    of_all = {"event": "request", "level": "info", "logger": "requests", "timestamp": moment}
    line: Any = _renderers[is_readable](
        None, "info", {**said, "request_id": now.request_id, "source": now.source, **of_all}
    )
    with _writing:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def configure(*, debug: bool) -> dict[str, Any]:
    """Set structlog up and return Django's LOGGING."""
    # Nobody reads from which file, thread and process a line came, and finding out takes longer than writing it.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001  as Python's logging HOWTO says
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": LineFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    _renderers[debug],
                ],
                "foreign_pre_chain": SHARED,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            "django.server": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            "uvicorn": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "PIL": {"level": "WARNING"},
        },
    }
