"""The worker and its beat."""

import os
from typing import Any

from celery import Celery, platforms
from celery.signals import beat_embedded_init, before_task_publish, setup_logging, task_postrun, task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("agora")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_our_logging(**_: Any) -> None:
    """Celery leaves logging alone once this signal has a receiver."""


@before_task_publish.connect
def send_request_id(headers: dict[str, Any], **_: Any) -> None:
    from core import context  # noqa: PLC0415  settings must be read first

    headers["request_id"] = context.current().request_id


@task_prerun.connect
def take_request_id(task: Any, **_: Any) -> None:
    from core import context  # noqa: PLC0415

    task.request.agora_context = context.bind(
        request_id=getattr(task.request, "request_id", "") or "", source=task.name
    )
    task.request.agora_context.__enter__()


@task_postrun.connect
def drop_request_id(task: Any, **_: Any) -> None:
    bound = getattr(task.request, "agora_context", None)
    if bound is not None:
        bound.__exit__(None, None, None)


@beat_embedded_init.connect
def die_with_the_worker(**_: Any) -> None:
    # An embedded beat outlives a killed worker otherwise, and goes on sending.
    platforms.set_pdeathsig("SIGKILL")  # type: ignore[attr-defined]
