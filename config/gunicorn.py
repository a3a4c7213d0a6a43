"""How the web process serves: `python -m gunicorn -c config/gunicorn.py config.wsgi`.

Asked to stop (SIGTERM) it first lets its readiness say so for `DRAIN_SECONDS`, serving on, until the proxy has turned
to others; a listening socket that closes with connections waiting in it would reset them. Then it takes no more, ends
what it has begun, and ends.
"""

import gc
import os
import signal
from types import FrameType
from typing import Any

from core import draining  # before the workers are forked: they share the flag
from core.metrics.multiprocess import forget_process, share_metrics

DRAIN_SECONDS = float(os.environ.get("DRAIN_SECONDS", "4"))  # more than two of the proxy's looks at our health

worker_class = "config.web.Worker"
preload_app = True  # the workers share what the parent has read
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
graceful_timeout = 25
keepalive = 75  # longer than the proxy keeps an idle connection, so that it is never ours that closes under a request
loglevel = "warning"  # requests are logged by the application, one JSON object each
control_socket_disable = True  # it would write to the home folder

share_metrics()  # in the parent: /metrics shows the totals of all workers, from any of them


def when_ready(server: Any) -> None:
    """In the parent, before its first worker: read what they will share, and make the drain before an end ready."""
    from django.urls import get_resolver  # noqa: PLC0415  settings must be read first

    _ = get_resolver().url_patterns  # otherwise each would read them at its first request
    gc.collect()
    gc.freeze()  # a collector that looked at it would write to it, and so copy it
    gc.set_threshold(10_000, 10, 10)  # a list of the API makes thousands of objects and no circle
    _drain_before_the_end(server)


def _drain_before_the_end(server: Any) -> None:
    """Take the signal over from gunicorn, and hand it back after the pause. A second one does not wait."""

    def drain(number: int, frame: FrameType | None) -> None:
        if draining.begun() or not DRAIN_SECONDS:
            server.signal(signal.SIGTERM, frame)
            return
        draining.begin()
        signal.setitimer(signal.ITIMER_REAL, DRAIN_SECONDS)

    def stop(number: int, frame: FrameType | None) -> None:
        server.signal(signal.SIGTERM, frame)

    signal.signal(signal.SIGALRM, stop)
    signal.signal(signal.SIGTERM, drain)


def child_exit(server: Any, worker: Any) -> None:
    """A worker has ended."""
    forget_process(worker.pid)


def worker_exit(server: Any, worker: Any) -> None:
    """In the worker, at its end."""
    from config.lifespan import close_pools  # noqa: PLC0415  the parent has no settings

    close_pools()
