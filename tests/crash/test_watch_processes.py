"""What several processes counted is told as one sum, also after one of them was killed; the doctor sees who is gone."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from config.embedded.paths import BASE_DIR
from core.monitoring import checks, health_metrics
from core.monitoring.doctor import State
from tests.crash.conftest import wait_for

pytestmark = pytest.mark.crash


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of Agora with the services of this test run; stopped whole at the end."""
    kept = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    command = [sys.executable, "-m", *command]
    process = subprocess.Popen(command, cwd=BASE_DIR, env={**kept, "DEBUG": "1", **environment}, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def answers(url: str) -> bool:
    with suppress(OSError):
        return "ok" in get(f"{url}/health/live")
    return False


def total(url: str, name: str, **labels: str) -> float:
    """The sum of all samples with these labels; 0 while nobody answers."""
    with suppress(OSError):
        families = text_string_to_metric_families(get(url))
        samples = (sample for family in families for sample in family.samples if sample.name == name)
        return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())
    return 0.0


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_whichever_worker_answers_tells_what_all_counted(tmp_path):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = ["gunicorn", "-c", "config/gunicorn.py", "--bind", f"127.0.0.1:{port}", "config.wsgi"]

    def counted() -> float:
        return total(f"{url}/metrics", "agora_requests_total", route="robots.txt", status="2xx")

    with running(command, AGORA_ROLE="web", WEB_CONCURRENCY="2", DRAIN_SECONDS="0", TMPDIR=str(tmp_path)) as server:
        assert wait_for(lambda: len(children(server.pid)) == 2 and answers(url), seconds=60)
        before = counted()
        for _ in range(40):
            get(f"{url}/robots.txt")
        assert [counted() - before for _ in range(6)] == [40.0] * 6

        os.kill(children(server.pid)[0], signal.SIGKILL)
        assert wait_for(lambda: counted() - before == 40.0 and len(children(server.pid)) == 2, seconds=60)
        for _ in range(10):
            get(f"{url}/robots.txt")
        assert [counted() - before for _ in range(6)] == [50.0] * 6

    assert list(tmp_path.glob("agora-metrics-*")) == []


def test_the_worker_tells_the_tasks_of_its_children_and_the_doctor_sees_it_stop(tmp_path, monkeypatch):
    port = free_port()
    url = f"http://127.0.0.1:{port}/metrics"
    command = [
        "celery",
        "-A",
        "config",
        "--quiet",
        "worker",
        "-B",
        "-s",
        str(tmp_path / "beat"),
        "--concurrency",
        "2",
        "--loglevel",
        "ERROR",
    ]

    with running(command, AGORA_ROLE="worker", METRICS_PORT=str(port), TMPDIR=str(tmp_path)):
        beats = {"task": "core.heartbeat", "state": "success"}
        assert wait_for(lambda: total(url, "agora_tasks_total", **beats) >= 1, seconds=90)
        assert total(url, "agora_task_wait_seconds_count") >= 1

        # The processes use the cache under its ordinary prefix, not under this test's own.
        from django.core.cache import caches

        monkeypatch.setattr(caches["default"], "key_prefix", os.environ.get("REDIS_PREFIX", "agora"))
        seen = {name: health_metrics.last_seen(name) for name in health_metrics.PROCESSES}
        assert None not in seen.values()
        assert [checks.worker().state, checks.beat().state] == [State.OK, State.OK]

    monkeypatch.setattr(health_metrics, "DEAD_AFTER_SECONDS", 0.1)
    assert wait_for(lambda: checks.worker().state is State.BROKEN and checks.beat().state is State.BROKEN, seconds=5)
    assert "last seen" in checks.worker().what
