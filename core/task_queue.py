"""Hints to the workers: there is something to do now.

Only a hint: what is to be done stands in the database, and a sweep finds what a lost hint leaves. So an unreachable
queue neither fails nor delays the caller.
"""

from typing import Any

import structlog
from celery import current_app
from django.conf import settings
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from core.circuit_breaker import get_circuit_breaker

log = structlog.get_logger(__name__)


def enqueue_best_effort(task: str, *arguments: Any, delay: int = 0) -> None:
    """Send a task by its name, `delay` seconds from now, if the queue answers at once; otherwise it is logged."""
    try:
        with get_circuit_breaker(settings.CELERY_BROKER_URL).guard():
            current_app.send_task(task, arguments, countdown=delay or None, retry=False, ignore_result=True)
    except (RedisError, KombuError, OSError) as failure:
        log.warning("nudge_lost", task=task, error=str(failure))
