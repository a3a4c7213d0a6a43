"""What /metrics says: what the processes counted, and the state of the site, read when asked.

An app adds to the state by `@scrape.part("name")`; its query must be answered from an index, since it runs at each
scrape. A part that cannot be read is left out and said so in `agora_scrape_failed`: an unreachable database must not
hide that requests fail.
"""

import hmac
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from django.conf import settings
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from core.metrics import definitions
from core.metrics.multiprocess import FOLDER

log = structlog.get_logger(__name__)

Part = Callable[[], Iterable[Metric]]

_parts: dict[str, Part] = {}


def part(name: str) -> Callable[[Part], Part]:
    """Register a reader of the site's state: it returns metric families, and may raise."""

    def keep(read: Part) -> Part:
        _parts[name] = read
        return read

    return keep


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """The metrics for whom the token names; for everyone else there is no such page."""
    if not is_allowed(request.headers.get("Authorization", "")):
        raise Http404
    return HttpResponse(text(), content_type=CONTENT_TYPE_LATEST)


def is_allowed(authorization: str) -> bool:
    """Whether an Authorization header carries METRICS_TOKEN. Without a token set only development shows them."""
    if not settings.METRICS_TOKEN:
        return bool(settings.DEBUG)
    return hmac.compare_digest(authorization.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())


def text() -> bytes:
    """All metrics in Prometheus' text format: what this server's processes counted, and the state of the site, which
    one process type is enough to tell.
    """
    definitions.read_pool()
    counted = generate_latest(_processes())
    return counted if settings.ROLE in {"realtime", "worker"} else counted + generate_latest(_site())


def serve(port: int) -> WSGIServer:
    """Answer /metrics on a port of its own, in a thread, for a process that has no pages."""
    server = make_server("", port, _answer, handler_class=_Silent)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server


class Site(Collector):
    """The registered parts, read at each scrape."""

    def collect(self) -> Iterator[Metric]:
        failed = GaugeMetricFamily("agora_scrape_failed", "1 where this part could not be read.", labels=["part"])
        for name, read in _parts.items():
            try:
                families = list(read())
            except Exception as failure:  # noqa: BLE001  an error in one part must not hide the others
                log.warning("scrape_failed", part=name, error=str(failure))
                failed.add_metric([name], 1)
            else:
                yield from families
                failed.add_metric([name], 0)
        yield failed


class _Silent(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Scrapes are not worth a line each."""


def _answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    known = environ.get("PATH_INFO") == "/metrics" and is_allowed(environ.get("HTTP_AUTHORIZATION", ""))
    try:
        body = text() if known else b"Not found.\n"
    finally:
        connection.close()  # no request ends here, which would give it back
    start_response("200 OK" if known else "404 Not Found", [("Content-Type", CONTENT_TYPE_LATEST)])
    return [body]


def _processes() -> CollectorRegistry:
    if FOLDER not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def _site() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Site())
    return registry
