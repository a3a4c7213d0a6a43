"""The worker and its beat."""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from celery import Celery, platforms
from celery.signals import (
    beat_embedded_init,
    before_task_publish,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_process_init,
    worker_ready,
)
from django.conf import settings

from core.metrics.multiprocess import share_metrics

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
METRICS_PORT = int(os.environ.get("METRICS_PORT", "0"))
if METRICS_PORT:
    share_metrics()  # the worker's own port tells what all its children counted

app = Celery("agora")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def configure_logging(**_: Any) -> None:
    """Celery leaves logging alone once this signal has a receiver."""


@before_task_publish.connect
def send_context(headers: dict[str, Any], **_: Any) -> None:
    from core import context  # noqa: PLC0415  settings must be read first

    headers["request_id"] = context.current().request_id
    headers["sent_at"] = time.time()


@before_task_publish.connect(sender="core.heartbeat")
def show_that_beat_lives(**_: Any) -> None:
    # Nobody but the beat sends this task.
    from core.monitoring import health_metrics  # noqa: PLC0415

    health_metrics.seen("beat")


@task_prerun.connect
def restore_context(task: Any, **_: Any) -> None:
    from core import context  # noqa: PLC0415
    from core.metrics import definitions  # noqa: PLC0415

    request = task.request
    request.agora_context = context.bind(request_id=getattr(request, "request_id", "") or "", source=task.name)
    request.agora_context.__enter__()
    request.agora_started = time.perf_counter()
    if sent_at := getattr(request, "sent_at", None):
        definitions.count_task_wait(sent_at)


@task_postrun.connect
def reset_context(task: Any, state: str | None = None, **_: Any) -> None:
    from core.metrics import definitions  # noqa: PLC0415

    bound = getattr(task.request, "agora_context", None)
    if bound is not None:
        definitions.count_task(task.name, state or "unknown", time.perf_counter() - task.request.agora_started)
        bound.__exit__(None, None, None)


@worker_process_init.connect
def report(**_: Any) -> None:
    from core.monitoring import reporting  # noqa: PLC0415

    reporting.start()


@worker_ready.connect
def show_metrics(**_: Any) -> None:
    from core.metrics import prometheus  # noqa: PLC0415

    if METRICS_PORT:
        prometheus.serve(METRICS_PORT)


@worker_ready.connect
def show_life(sender: Any, **_: Any) -> None:
    # A file, so that a container can be asked without starting a second Django in it (deploy/healthcheck.py). In
    # development the supervisor watches the process, and several users share the temporary folder.
    if settings.DEBUG:
        return
    sign = Path(tempfile.gettempdir(), "agora-worker")
    sign.touch()
    sender.timer.call_repeatedly(15, sign.touch)


@beat_embedded_init.connect
def die_with_the_worker(**_: Any) -> None:
    # An embedded beat outlives a killed worker otherwise, and goes on sending.
    platforms.set_pdeathsig("SIGKILL")  # type: ignore[attr-defined]
