"""Is this process alive, and can it serve? For load balancers and supervisors."""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from core import draining
from core.monitoring import health_metrics

_seen_migrated = False


def live(request: HttpRequest) -> JsonResponse:
    """200 as long as this process answers."""
    return JsonResponse({"status": "ok"})


def takes_requests(request: HttpRequest) -> JsonResponse:
    """For the proxy in front: 200 from when this code's migrations are applied until the process is about to stop.

    A database that goes away later does not close it: every process would miss it alike, and pages say it in words.
    """
    if draining.begun():
        return _answer({"status": "stopping"}, able=False)
    migrations = _migrations()
    return _answer({"status": migrations}, able=migrations == "ok")


def ready(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served: the database answers and is migrated. The cache and lag are told, not judged."""
    checks = {"database": _database(), "migrations": _migrations(), "cache": _cache()}
    able = checks["database"] == "ok" and checks["migrations"] == "ok" and not draining.begun()
    lag = _event_lag() if able else None
    return _answer({"status": "ok" if able else "unavailable", "checks": checks, **(lag or {})}, able=able)


def _answer(told: dict[str, object], *, able: bool) -> JsonResponse:
    response = JsonResponse(told, status=200 if able else 503)
    # Django's own mark: a no is an answer here, and no error to log each second.
    response._has_been_logged = True  # type: ignore[attr-defined]  # noqa: SLF001
    return response


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return "ok"


def _migrations() -> str:
    """Read until they are all there, once; this code's migrations do not become more while it runs."""
    global _seen_migrated  # noqa: PLW0603  one fact a process, and it only becomes true
    if _seen_migrated:
        return "ok"
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unknown"
    _seen_migrated = not waiting
    return "ok" if _seen_migrated else "waiting"


def _cache() -> str:
    try:
        cache.set("health", "ok", 5)
    except (RedisError, OSError):
        return "unreachable"
    return "ok"


def _event_lag() -> dict[str, object]:
    return {
        "event_lag_seconds": round(health_metrics.event_lag(), 1),
        "dead_deliveries": health_metrics.dead_deliveries(),
    }
