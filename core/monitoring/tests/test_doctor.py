"""The doctor finds what is really broken, says what to do, hides no finding behind another, and tells no secret."""

import base64
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from celery import current_app
from django.core.cache import cache
from django.core.management import call_command
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from core.context import Actor
from core.events import services as events
from core.events.models import EventDelivery
from core.monitoring import checks as checkups
from core.monitoring import doctor, health_metrics
from core.monitoring.doctor import State

ROOT = Path(__file__).resolve().parents[3]
NOWHERE = "127.0.0.1:1"
SECRETS = {
    "SECRET_KEY": "s" * 20 + "-signing-key-" + "x" * 30,
    "DATA_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "METRICS_TOKEN": "token-of-metrics",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command under the settings of production, as an operator would run it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "AGORA_HOME", "LANG") if name in os.environ}
    command = [sys.executable, "manage.py", *arguments]
    environment = {**kept, "DEBUG": "0", **environment}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_where_nothing_answers_every_check_still_reports_and_no_secret_is_told(tmp_path):
    (tmp_path / "media").write_text("a file where a folder should be")
    started = time.monotonic()

    ran = manage(
        "doctor",
        "--json",
        DOMAIN="shop.example",
        DATABASE_URL=f"postgres://agora:db-pass-word@{NOWHERE}/agora",
        REDIS_URL=f"redis://:redis-pass-word@{NOWHERE}/0",
        EMAIL_URL=f"smtp://me:mail-pass-word@{NOWHERE}",
        SENTRY_DSN=f"http://sentry-public-key@{NOWHERE}/1",
        OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{NOWHERE}",
        MEDIA_ROOT=str(tmp_path / "media"),
        STATIC_ROOT=str(tmp_path / "static"),
        **SECRETS,
    )

    assert ran.returncode == 1
    told = json.loads(ran.stdout)
    states = {found["name"]: found["state"] for found in told["checks"]}
    assert states == {
        "debug": "ok",
        "payments": "off",
        "networks of webhooks": "ok",
        "hosts": "ok",
        "secrets": "ok",
        "keys": "ok",
        "address": "ok",
        **dict.fromkeys(["database", "migrations", "redis", "queue", "clock", "mail", "storage"], "broken"),
        **dict.fromkeys(["static files", "worker", "beat", "events", "webhooks", "tax rates"], "broken"),
        "metrics": "ok",
        **dict.fromkeys(["errors to Sentry", "traces"], "warning"),
    }
    assert told["state"] == "broken"
    assert all(found["fix"] for found in told["checks"] if found["state"] in {"broken", "warning"})
    for secret in ("pass-word", "sentry-public-key", *SECRETS.values()):
        assert secret not in ran.stdout + ran.stderr
    assert time.monotonic() - started < 20


def test_a_missing_setting_is_said_in_words():
    ran = manage("doctor", DOMAIN="shop.example")

    assert ran.returncode == 1
    assert ran.stderr.strip() == (
        "Agora is not configured: SECRET_KEY is not set. `.env.example` names all settings and what they are for."
    )


@pytest.fixture
def only(monkeypatch):
    """The runner with checks of the test's own."""

    def use(**checks):
        monkeypatch.setattr(doctor, "_checks", checks)

    return use


def test_a_check_that_hangs_ends_with_its_time_and_holds_up_no_other(only):
    released = threading.Event()
    only(hangs=lambda: released.wait(30), fails=lambda: 1 / 0, works=lambda: doctor.ok("Fine."))
    started = time.monotonic()

    found = doctor.examine(patience=0.3)
    released.set()

    assert time.monotonic() - started < 3
    assert [(one.name, one.state, one.what) for one in found] == [
        ("hangs", State.BROKEN, "No answer in time."),
        ("fails", State.BROKEN, "ZeroDivisionError: division by zero"),
        ("works", State.OK, "Fine."),
    ]


def test_a_secret_in_a_librarys_words_is_blotted_out(only, settings):
    settings.DATABASES["default"]["PASSWORD"] = "p@ss w0rd"
    settings.CELERY_BROKER_URL = "redis://:br%40ker-pass@localhost/0"

    def leak() -> None:
        raise OSError(f"cannot use p@ss w0rd, br@ker-pass, br%40ker-pass nor {settings.SECRET_KEY}")

    only(leaks=leak)

    try:
        assert doctor.examine()[0].what == "OSError: cannot use [hidden], [hidden], [hidden] nor [hidden]"
    finally:
        settings.DATABASES["default"]["PASSWORD"] = ""


@pytest.mark.parametrize(
    ("states", "line", "status"),
    [
        ([State.OK, State.OFF], "0 broken, 0 to look at, of 2 checks.", 0),
        ([State.OK, State.WARNING], "0 broken, 1 to look at, of 2 checks.", 0),
        ([State.WARNING, State.BROKEN], "1 broken, 1 to look at, of 2 checks.", 1),
    ],
)
def test_the_words_end_with_a_sum_and_only_something_broken_fails(only, capsys, states, line, status):
    only(
        **{
            f"check{number}": lambda state=state: doctor.Finding(state, "What.", "Fix.")
            for number, state in enumerate(states)
        }
    )

    if status:
        with pytest.raises(SystemExit) as ended:
            call_command("doctor")
        assert ended.value.code == status
    else:
        call_command("doctor")

    printed = capsys.readouterr().out
    assert printed.strip().splitlines()[-1] == line
    assert printed.count("What.") == printed.count("Fix.") == 2


@pytest.mark.django_db(transaction=True)
def test_a_sound_house_is_said_to_be_sound(settings, tmp_path):
    settings.SECRET_KEY, settings.DATA_KEYS = SECRETS["SECRET_KEY"], [SECRETS["DATA_KEYS"]]
    settings.DOMAIN, settings.ALLOWED_HOSTS, settings.SITE_URL = (
        "shop.example",
        ["shop.example"],
        "https://shop.example",
    )
    health_metrics.seen("worker")
    health_metrics.seen("beat")
    with current_app.connection_for_write() as connection:
        connection.default_channel.queue_purge("celery")  # what other tests sent has no worker and grows old

    found = {one.name: one for one in doctor.examine()}

    sound = (
        "keys",
        "address",
        "database",
        "migrations",
        "redis",
        "queue",
        "clock",
        "storage",
        "worker",
        "beat",
        "events",
    )
    assert {name: found[name].what for name in sound if found[name].state is not State.OK} == {}
    assert found["database"].what.startswith("PostgreSQL 1")
    assert found["migrations"].what == "All are applied."
    assert {found[name].state for name in ("metrics", "errors to Sentry", "traces")} == {State.OFF}


@pytest.mark.parametrize(
    ("key", "data_keys", "state"),
    [
        ("k" * 50, [SECRETS["DATA_KEYS"]], State.OK),
        ("k" * 49, [SECRETS["DATA_KEYS"]], State.BROKEN),
        ("development-only-" + "k" * 50, [SECRETS["DATA_KEYS"]], State.BROKEN),
        ("k" * 50, [SECRETS["DATA_KEYS"], "short"], State.BROKEN),
        ("k" * 50, [""], State.BROKEN),
    ],
)
def test_keys_are_looked_at_for_length_and_form(settings, key, data_keys, state):
    settings.SECRET_KEY, settings.DATA_KEYS = key, data_keys

    assert checkups.keys().state is state


@pytest.mark.parametrize(
    ("hosts", "url", "state"),
    [
        (["shop.example"], "https://shop.example", State.OK),
        (["www.shop.example"], "https://shop.example", State.BROKEN),
        (["shop.example"], "http://shop.example", State.WARNING),
    ],
)
def test_the_address_must_be_one_we_answer_at(settings, hosts, url, state):
    settings.DOMAIN, settings.ALLOWED_HOSTS, settings.SITE_URL = "shop.example", hosts, url

    assert checkups.address().state is state


@pytest.mark.django_db
def test_a_migration_that_waits_is_named():
    applied = MigrationRecorder.Migration.objects.filter(app="sessions").order_by("-id")[0]
    applied.delete()

    found = checkups.migrations()

    assert (found.state, found.what) == (State.BROKEN, "1 wait, the first is sessions.0001_initial.")
    assert found.fix == "Run `manage.py release`."


@pytest.mark.parametrize(
    ("ahead", "state"), [(0.5, State.OK), (-1.5, State.OK), (5, State.WARNING), (-300, State.BROKEN)]
)
@pytest.mark.django_db
def test_clocks_that_differ_are_found(monkeypatch, ahead, state):
    monkeypatch.setattr(checkups, "_redis_time", lambda: time.time() + ahead)

    found = checkups.clock()

    assert found.state is state
    assert f"Redis {ahead:+.1f} s" in found.what


@pytest.mark.parametrize(("age", "state"), [(0, State.OK), (50, State.OK), (70, State.BROKEN)])
@pytest.mark.parametrize(("name", "look"), [("worker", checkups.worker), ("beat", checkups.beat)])
def test_who_was_not_seen_for_a_minute_is_dead(name, look, age, state):
    assert (look().state, look().what) == (State.BROKEN, "It was never seen.")
    cache.set(f"heartbeat:{name}", time.time() - age)

    assert look().state is state


@pytest.mark.django_db
def test_late_events_and_dead_deliveries_are_told():
    event = events.record("test.done", ("thing", "1"), by=Actor.guest(), now=timezone.now())
    EventDelivery.objects.create(event=event, handler="h", state="dead")
    assert (checkups.events().state, checkups.events().what) == (State.WARNING, "1 deliveries were given up.")

    events.record("test.done", ("thing", "2"), by=Actor.guest(), now=timezone.now())
    for seconds, state in ((60, State.WARNING), (400, State.BROKEN)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(health_metrics, "event_lag", lambda seconds=seconds: float(seconds))
            assert (checkups.events().state, checkups.events().what) == (
                state,
                f"The oldest event has waited {seconds} s.",
            )


def test_a_queue_that_only_grows_is_told(monkeypatch):
    monkeypatch.setattr(health_metrics, "queues", lambda: [health_metrics.Queue("celery", 3, 301.0)])
    assert checkups.queue().state is State.WARNING
    assert checkups.queue().what == "celery: 3 waiting; the oldest for 301 s."

    monkeypatch.setattr(health_metrics, "queues", lambda: [health_metrics.Queue("celery", 1001, None)])
    assert checkups.queue().state is State.WARNING

    monkeypatch.setattr(health_metrics, "queues", lambda: [health_metrics.Queue("celery", 1000, 300.0)])
    assert checkups.queue().state is State.OK


def test_a_redis_that_forgets_is_told(monkeypatch):
    class Forgetful:
        def info(self) -> dict[str, str]:
            return {"redis_version": "7.4.1", "maxmemory_policy": "allkeys-lru"}

    monkeypatch.setattr(checkups, "_redis", lambda url: Forgetful())
    assert checkups.redis().state is State.WARNING
    assert "allkeys-lru" in checkups.redis().what

    monkeypatch.setattr(Forgetful, "info", lambda self: {"redis_version": "6.2.0"})
    assert (checkups.redis().state, checkups.redis().what) == (State.BROKEN, "Redis 6.2.0 is too old.")


@pytest.mark.parametrize(("room", "state"), [(0.5, State.OK), (0.05, State.WARNING), (0.01, State.BROKEN)])
def test_a_disk_that_fills_up_is_told(monkeypatch, room, state):
    class Usage:
        total, free = 100 * 2**30, room * 100 * 2**30

    monkeypatch.setattr(checkups.shutil, "disk_usage", lambda path: Usage)

    assert checkups.storage().state is state


def test_storage_leaves_nothing_behind(settings):
    assert checkups.storage().state is State.OK
    assert list(Path(settings.MEDIA_ROOT).iterdir()) == []


RIGHT = base64.b64encode(b"\0me\0right").decode()


class MailServer:
    """Speaks as much SMTP as a greeting and a sign-in need; the password is `right`."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:
                return
            with caller, caller.makefile("rw", newline="") as lines:
                self._talk(lines)

    def _talk(self, lines) -> None:
        def say(text: str) -> None:
            lines.write(f"{text}\r\n")
            lines.flush()

        say("220 mail.example")
        for line in lines:
            word = line.strip().upper()
            if word.startswith("EHLO"):
                say("250-mail.example\r\n250 AUTH PLAIN")
            elif word.startswith("AUTH PLAIN"):
                say("235 welcome" if line.split()[2] == RIGHT else "535 wrong password")
            else:
                say("221 bye" if word == "QUIT" else "250 ok")
                if word == "QUIT":
                    return


@pytest.fixture
def mail_server(settings):
    from urllib.parse import urlsplit

    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_URL = urlsplit(f"smtp://me:right@127.0.0.1:{server.port}")
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "me", "right"
    yield server
    server.socket.close()


def test_a_mail_server_that_lets_us_in_is_fine(mail_server):
    found = checkups.mail()

    assert (found.state, found.what) == (State.OK, f"127.0.0.1:{mail_server.port} lets us send.")


def test_a_wrong_mail_password_is_found_before_the_first_customer_does(mail_server, settings):
    settings.EMAIL_HOST_PASSWORD = "wrong-password"

    found = checkups.mail()

    assert found.state is State.BROKEN
    assert "535" in found.what


def test_without_a_mail_server_production_is_broken_and_development_is_not(settings):
    from urllib.parse import urlsplit

    settings.EMAIL_URL = urlsplit("")
    assert checkups.mail().state is State.BROKEN

    settings.DEBUG = True
    assert checkups.mail().state is State.OFF


@pytest.mark.parametrize("collected", [True, False])
def test_static_files_that_were_not_collected_are_found(settings, tmp_path, collected):
    if collected:
        manifest = {"version": "1.1", "paths": {"css/site.css": "css/site.5eed.css"}, "hash": ""}
        (tmp_path / "staticfiles.json").write_text(json.dumps(manifest))
    settings.STATIC_ROOT = str(tmp_path)
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "core.web.static_files.Storage"}}

    found = checkups.static_files()

    if collected:
        assert (found.state, found.what) == (State.OK, "/static/css/site.5eed.css")
    else:
        assert (found.state, found.fix) == (State.BROKEN, "Run `manage.py collectstatic --no-input`.")
