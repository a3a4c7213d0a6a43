"""What each process counts by itself: requests, waits for the database, sockets, tasks. docs/monitoring.md explains.

Labels have few values: routes and task names, never paths, ids or people. Counting costs microseconds, so it is
always on; `core.metrics.prometheus` shows it to whom it may concern.
"""

import os
import time
from functools import cache

from django.db import connection
from prometheus_client import Counter, Gauge, Histogram, values

from core.metrics import multiprocess

if multiprocess.FOLDER in os.environ:
    values.ValueClass = values.MultiProcessValue(multiprocess.own_pid)  # type: ignore[no-untyped-call]

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SLOW = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0)
# How often a process reads its pool's own counters.
POOL_READ_EVERY = 1.0

REQUESTS = Counter("agora_requests", "Requests answered, by route and class of status.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "agora_request_seconds", "Time from a request's arrival to its answer.", ["method", "route"], buckets=QUICK
)
POOL_REQUESTS = Counter("agora_db_pool_requests", "Times that a database connection was asked for.")
POOL_WAITS = Counter("agora_db_pool_waits", "Times that none was free, so that it had to be waited for.")
POOL_WAIT_SECONDS = Counter("agora_db_pool_wait_seconds", "Time spent waiting for a free connection.")
POOL_ERRORS = Counter("agora_db_pool_errors", "Times that none came within the pool's time-out.")
SOCKETS = Gauge("agora_sockets", "Sockets open now.", multiprocess_mode="livesum")
TASKS = Counter("agora_tasks", "Tasks that ended, by name and state.", ["task", "state"])
TASK_SECONDS = Histogram("agora_task_seconds", "Time a task ran.", ["task"], buckets=SLOW)
TASK_WAIT_SECONDS = Histogram("agora_task_wait_seconds", "Time between sending a task and its start.", buckets=SLOW)

_pool_read_at = 0.0


def count_request(method: str | None, route: str, status: int, seconds: float) -> None:
    """Note one answered request; `route` is the resolver's, `/` for home and `none` where none matched."""
    counter, histogram = _request_meters(method if method in METHODS else "other", route, status // 100)
    counter.inc()
    histogram.observe(seconds)
    read_pool(every=POOL_READ_EVERY)


def count_task(name: str, state: str, seconds: float) -> None:
    """Note one task that ended; `state` is Celery's, such as SUCCESS."""
    TASKS.labels(name, state.lower()).inc()
    TASK_SECONDS.labels(name).observe(seconds)


def count_task_wait(sent_at: float) -> None:
    """Note how long ago the task that starts now was sent (seconds since 1970)."""
    TASK_WAIT_SECONDS.observe(max(0.0, time.time() - sent_at))


def read_pool(*, every: float = 0.0) -> None:
    """Take over what the database pool of this process counted, at most once in `every` seconds. No query."""
    global _pool_read_at  # noqa: PLW0603  one pool a process
    now = time.monotonic()
    if now - _pool_read_at < every:
        return
    _pool_read_at = now
    pool = getattr(connection, "pool", None)
    if pool is None:
        return
    new = pool.pop_stats()  # what was counted since the last time, so two readers cannot count twice
    POOL_REQUESTS.inc(new.get("requests_num", 0))
    POOL_WAITS.inc(new.get("requests_queued", 0))
    POOL_WAIT_SECONDS.inc(new.get("requests_wait_ms", 0) / 1000)
    POOL_ERRORS.inc(new.get("requests_errors", 0))


@cache
def _request_meters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    # Looking children up by label costs more than counting.
    return REQUESTS.labels(method, route, f"{status}xx"), REQUEST_SECONDS.labels(method, route)
