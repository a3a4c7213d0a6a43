"""What /metrics says, to whom, and that it goes on saying it when parts of the site are down."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from celery import current_app
from celery.signals import task_postrun, task_prerun
from django.db import DatabaseError
from prometheus_client.parser import text_string_to_metric_families

from core.context import Actor
from core.events import services as events
from core.events.models import EventDelivery
from core.metrics import prometheus
from core.monitoring import health_metrics


def numbers(text: bytes | str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    text = text.decode() if isinstance(text, bytes) else text
    families = text_string_to_metric_families(text)
    return {(s.name, *(s.labels[label] for label in sorted(s.labels))): s.value for f in families for s in f.samples}


def now() -> dict[tuple[str, ...], float]:
    return numbers(prometheus.text())


@pytest.mark.django_db
def test_a_request_is_counted_by_route_and_class_of_status_never_by_path(client):
    before = now()

    client.get("/journal/")
    client.get("/")
    client.get("/pages/nowhere/")
    client.get("/no/such/address/")
    client.generic("BREW", "/journal/")

    def new(*sample: str) -> float:
        return after.get(sample, 0) - before.get(sample, 0)

    after = now()
    assert new("agora_requests_total", "GET", "journal/", "2xx") == 1
    assert new("agora_requests_total", "GET", "/", "2xx") == 1
    assert new("agora_requests_total", "GET", "pages/<slug:slug>/", "4xx") == 1
    assert new("agora_requests_total", "GET", "none", "4xx") == 1
    assert new("agora_requests_total", "other", "journal/", "4xx") == 1
    assert new("agora_request_seconds_count", "GET", "journal/") == 1
    assert not [sample for sample in after if "nowhere" in str(sample) or "BREW" in str(sample)]


@pytest.mark.django_db
def test_probes_and_scrapes_are_not_counted(client):
    before = now()

    client.get("/health/live")
    client.get("/metrics")

    after = now()
    assert not [sample for sample in after if sample not in before and "_request" in sample[0]]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "debug", "sent", "status"),
    [
        ("s3cret", False, "Bearer s3cret", 200),
        ("s3cret", True, "Bearer s3cret", 200),
        ("s3cret", False, "", 404),
        ("s3cret", True, "", 404),
        ("s3cret", False, "Bearer s3cre", 404),
        ("s3cret", False, "Bearer s3crét", 404),
        ("s3cret", False, "s3cret", 404),
        ("", False, "Bearer ", 404),
        ("", False, "", 404),
        ("", True, "", 200),
    ],
)
def test_only_the_token_opens_the_page(client, settings, token, debug, sent, status):
    settings.METRICS_TOKEN, settings.DEBUG = token, debug

    response = client.get("/metrics", headers={"Authorization": sent} if sent else {})

    assert response.status_code == status
    assert (b"agora_requests_total" in response.content) == (status == 200)


@pytest.mark.django_db
def test_the_page_is_text_that_no_cache_keeps(client, settings):
    settings.METRICS_TOKEN = "s3cret"

    response = client.get("/metrics", headers={"Authorization": "Bearer s3cret"})

    assert response["Content-Type"].startswith("text/plain; version=")
    assert "no-store" in response["Cache-Control"]
    assert client.post("/metrics", headers={"Authorization": "Bearer s3cret"}).status_code == 405


@pytest.mark.django_db
def test_the_lag_is_the_age_of_the_oldest_undispatched_event(django_assert_num_queries):
    from datetime import timedelta

    from django.utils import timezone

    assert now()["agora_event_lag_seconds",] == 0
    events.record("test.done", ("thing", "1"), by=Actor.guest(), now=timezone.now() - timedelta(seconds=90))
    events.record("test.done", ("thing", "2"), by=Actor.guest())

    after = now()

    assert 90 <= after["agora_event_lag_seconds",] < 100
    with django_assert_num_queries(2):
        list(health_metrics._event_families())


@pytest.mark.django_db
def test_deliveries_that_were_given_up_are_counted():
    event = events.record("test.done", ("thing", "1"), by=Actor.guest())
    for number, state in enumerate(["dead", "dead", "pending"]):
        EventDelivery.objects.create(event=event, handler=f"h{number}", state=state)

    assert now()["agora_dead_deliveries",] == 2


@pytest.fixture
def queue():
    """The broker's queue, empty before and after."""
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge("celery")
        yield
        connection.default_channel.queue_purge("celery")


@pytest.mark.django_db
def test_the_queue_is_measured_by_length_and_by_its_oldest_task(queue):
    assert (now()["agora_queue_messages", "celery"], now()["agora_queue_oldest_seconds", "celery"]) == (0, 0)
    current_app.send_task("core.sweep_events")
    time.sleep(0.3)
    current_app.send_task("core.sweep_events")

    after = now()

    assert after["agora_queue_messages", "celery"] == 2
    assert 0.3 <= after["agora_queue_oldest_seconds", "celery"] < 5


@pytest.mark.django_db
def test_worker_and_beat_are_seen_each_by_itself(queue):
    from core.monitoring.tasks import heartbeat

    assert now()["agora_heartbeat_timestamp_seconds", "beat"] == 0
    heartbeat.delay()
    sent = now()
    heartbeat()
    ran = now()

    assert sent["agora_heartbeat_timestamp_seconds", "beat"] == pytest.approx(time.time(), abs=5)
    assert sent["agora_heartbeat_timestamp_seconds", "worker"] == 0
    assert ran["agora_heartbeat_timestamp_seconds", "worker"] == pytest.approx(time.time(), abs=5)


@pytest.mark.django_db
def test_a_task_is_counted_with_its_state_and_its_time(monkeypatch):
    from core.monitoring.tasks import heartbeat

    before = now()

    heartbeat.apply()
    monkeypatch.setattr("core.monitoring.health_metrics.seen", lambda process: 1 / 0)
    heartbeat.apply()

    after = now()
    for state in ("success", "failure"):
        sample = ("agora_tasks_total", state, "core.heartbeat")
        assert after[sample] - before.get(sample, 0) == 1
    seconds = ("agora_task_seconds_count", "core.heartbeat")
    assert after[seconds] - before.get(seconds, 0) == 2


@pytest.mark.django_db
def test_a_task_tells_how_long_it_waited_for_a_worker(queue):
    from core.monitoring.tasks import heartbeat

    before = now()
    heartbeat.delay()
    with current_app.connection_for_read() as connection:
        headers = connection.default_channel.basic_get("celery", no_ack=True).headers
    heartbeat.push_request(**{**headers, "sent_at": headers["sent_at"] - 7})
    task_prerun.send(sender=heartbeat, task=heartbeat)
    task_postrun.send(sender=heartbeat, task=heartbeat, state="SUCCESS")
    heartbeat.pop_request()

    new = now()["agora_task_wait_seconds_sum",] - before["agora_task_wait_seconds_sum",]
    assert new == pytest.approx(7, abs=1)


@pytest.mark.django_db
def test_room_on_the_disk_is_told(settings):
    after = now()

    assert 0 < after["agora_media_free_bytes",] <= after["agora_media_size_bytes",]


@pytest.mark.django_db
def test_a_part_that_cannot_be_read_hides_no_other(monkeypatch, settings):
    def unreachable() -> float:
        raise DatabaseError

    monkeypatch.setattr(health_metrics, "event_lag", unreachable)
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}

    after = now()

    failed = {sample[1]: value for sample, value in after.items() if sample[0] == "agora_scrape_failed"}
    assert {part for part, value in failed.items() if value} == {"events", "heartbeats"}
    assert ("agora_queue_messages", "celery") in after
    assert not [sample for sample in after if sample[0] == "agora_event_lag_seconds"]


def test_an_unreachable_broker_costs_seconds_not_minutes(monkeypatch):
    monkeypatch.setattr(current_app.conf, "broker_read_url", "redis://127.0.0.1:1/0")
    started = time.monotonic()

    with pytest.raises(Exception, match="refused"):
        health_metrics.queues()

    assert time.monotonic() - started < 4


@pytest.mark.parametrize(("role", "told"), [("web", True), ("", True), ("realtime", False), ("worker", False)])
@pytest.mark.django_db
def test_one_process_type_tells_the_state_of_the_site(settings, role, told):
    settings.ROLE = role

    assert (b"agora_event_lag_seconds" in prometheus.text()) == told


@pytest.mark.django_db
def test_the_pool_tells_how_long_it_was_waited_for(monkeypatch):
    class Pool:
        def __init__(self):
            self.counted = {}

        def pop_stats(self):
            popped, self.counted = self.counted, {}
            return popped

    from django.db import connections

    monkeypatch.setattr(type(connections["default"]), "pool", Pool())
    names = ["requests", "waits", "wait_seconds", "errors"]
    before = now()
    numbers_of_pool = {"requests_num": 5, "requests_queued": 2, "requests_wait_ms": 1500, "requests_errors": 1}
    connections["default"].pool.counted = numbers_of_pool

    after, again = now(), now()

    new = [after[f"agora_db_pool_{name}_total",] - before[f"agora_db_pool_{name}_total",] for name in names]
    assert new == [5, 2, 1.5, 1]
    assert again["agora_db_pool_requests_total",] == after["agora_db_pool_requests_total",]


def test_a_process_without_pages_answers_on_a_port_of_its_own(settings, monkeypatch):
    settings.METRICS_TOKEN, settings.ROLE = "s3cret", "worker"
    server = prometheus.serve(0)
    url = f"http://127.0.0.1:{server.server_port}"

    def get(path: str, token: str) -> tuple[int, bytes]:
        asked = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})
        try:
            with urllib.request.urlopen(asked, timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    try:
        assert get("/metrics", "wrong") == (404, b"Not found.\n")
        assert get("/", "s3cret") == (404, b"Not found.\n")
        status, body = get("/metrics", "s3cret")
    finally:
        server.shutdown()
        server.server_close()

    assert status == 200
    assert b"agora_tasks_total" in body


COUNT = """
import sys
from core.metrics.multiprocess import forget_process, share_metrics
share_metrics()
from core.metrics import definitions as metrics
for _ in range(int(sys.argv[1])):
    metrics.REQUESTS.labels("GET", "shop/", "2xx").inc()
metrics.SOCKETS.set(int(sys.argv[1]))
if sys.argv[2:] == ["leave"]:
    import os
    forget_process(os.getpid())
"""
TELL = """
from core.metrics import prometheus as scrape
import json, sys
from prometheus_client import generate_latest
print(generate_latest(scrape._processes()).decode())
"""


def test_what_several_processes_counted_is_added_up_and_stays_when_one_ends(tmp_path):
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def run(code: str, *args: str) -> str:
        command = [sys.executable, "-c", code, *args]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    run(COUNT, "3")
    run(COUNT, "4", "leave")

    added = numbers(run(TELL))
    assert added["agora_requests_total", "GET", "shop/", "2xx"] == 7
    assert added["agora_sockets",] == 3


def test_without_a_folder_given_a_fresh_one_is_shared_with_children_and_removed_by_its_maker_alone():
    code = """
import os
from core.metrics.multiprocess import share_metrics
print(share_metrics(), share_metrics(), flush=True)
child = os.fork()
if not child:
    raise SystemExit  # runs what is registered for exit
os.waitpid(child, 0)
print(os.path.isdir(share_metrics()))
"""
    environment = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    command = [sys.executable, "-c", code]

    printed = subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout

    first, second, is_there_after_the_child = printed.split()
    assert first == second
    assert is_there_after_the_child == "True"
    assert not Path(first).exists()
