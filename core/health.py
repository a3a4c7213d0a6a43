"""Is this process alive, and can it serve? For load balancers and supervisors."""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from redis.exceptions import RedisError

from core.models import Event, EventDelivery


def live(request: HttpRequest) -> JsonResponse:
    """200 as long as this process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """200 when requests can be served: the database answers and is migrated. The cache and lag are told, not judged."""
    checks = {"database": _database(), "migrations": _migrations(), "cache": _cache()}
    able = checks["database"] == "ok" and checks["migrations"] == "ok"
    lag = _event_lag() if able else None
    return JsonResponse(
        {"status": "ok" if able else "unavailable", "checks": checks, **(lag or {})}, status=200 if able else 503
    )


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "unreachable"
    return "ok"


def _migrations() -> str:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return "unknown"
    return "waiting" if waiting else "ok"


def _cache() -> str:
    try:
        cache.set("health", "ok", 5)
    except (RedisError, OSError):
        return "unreachable"
    return "ok"


def _event_lag() -> dict[str, object]:
    oldest = Event.objects.undispatched().order_by("id").values_list("at", flat=True).first()
    return {
        "event_lag_seconds": round((timezone.now() - oldest).total_seconds(), 1) if oldest else 0,
        "dead_deliveries": EventDelivery.objects.filter(state=EventDelivery.State.DEAD).count(),
    }
