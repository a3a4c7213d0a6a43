"""The doctor's checks: settings, database, Redis, mail, storage, and the processes that should be alive."""

import errno
import shutil
import socket
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.files.storage import default_storage
from django.core.mail import get_connection
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from redis import Redis

from core.ids import uuid7
from core.media.storage import save_file
from core.monitoring import health_metrics
from core.monitoring.doctor import Finding, broken, check, first_line, off, ok, warning
from core.monitoring.safety_checks import is_unencrypted_mail
from core.web.static_files import SITE_CSS
from core.webhooks.metrics import deliveries

MIN_POSTGRES_VERSION = 15
MIN_REDIS_VERSION = 7
MIN_KEY_LENGTH = 50
DEVELOPMENT = "development-only-"  # how its keys begin
TIMEOUT_SECONDS = 4
# Beyond the first a signature or a code may be refused; beyond the second sign-in breaks.
SKEW_SECONDS, BAD_SKEW_SECONDS = 2.0, 30.0
LAG_SECONDS, BAD_LAG_SECONDS = 30.0, 300.0
MAX_WAITING_TASKS = 1000
LOW_ROOM, NO_ROOM = 0.10, 0.02
FREE_SPACE = "Make room, or move MEDIA_ROOT to a larger disk."


@check("keys")
def keys() -> Finding:
    """Long, well formed and not those of development; none is shown."""
    fix = "Write fresh ones with `make env`, or see .env.example for their form."
    says = warning if settings.DEBUG else broken
    if len(settings.SECRET_KEY) < MIN_KEY_LENGTH or settings.SECRET_KEY.startswith(DEVELOPMENT):
        return says(f"SECRET_KEY is shorter than {MIN_KEY_LENGTH} characters, or that of development.", fix)
    try:
        for key in settings.DATA_KEYS:
            Fernet(key.strip())
            if urlsafe_b64decode(key.strip()).startswith(DEVELOPMENT.encode()):
                return says("DATA_KEYS holds the key of development, which everybody knows.", fix)
    except ValueError:
        return broken("DATA_KEYS holds something that is not 32 bytes in url-safe base64.", fix)
    old = len(settings.SECRET_KEY_FALLBACKS) + len(settings.DATA_KEYS) - 1
    return ok(f"SECRET_KEY and DATA_KEYS are set; {old} former keys are kept for what they signed or encrypted.")


@check("address")
def address() -> Finding:
    if settings.DEBUG:
        return off(f"{settings.SITE_URL}. DEBUG is on: this is for development only.")
    if settings.DOMAIN not in settings.ALLOWED_HOSTS:
        return broken(f"{settings.DOMAIN} is not in ALLOWED_HOSTS.", "Add it, or leave ALLOWED_HOSTS away.")
    if not settings.SITE_URL.startswith("https://"):
        return warning(f"SITE_URL is {settings.SITE_URL}: links in mails are not https.", "Leave SITE_URL away.")
    return ok(settings.SITE_URL)


@check("database")
def database() -> Finding:
    try:
        started = time.perf_counter()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), current_setting('server_version_num')::int")
            version, number = cursor.fetchone()
    except Exception as failure:  # noqa: BLE001  a driver fails in many ways, and its words are the finding
        return broken(
            first_line(failure), "See that PostgreSQL runs and DATABASE_URL names it with the right password."
        )
    if number // 10_000 < MIN_POSTGRES_VERSION:
        return broken(f"PostgreSQL {version} is too old.", f"Upgrade it to {MIN_POSTGRES_VERSION} or newer.")
    return ok(f"PostgreSQL {version} answered in {_ms(started)} ms.")


@check("migrations")
def migrations() -> Finding:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return ok("All are applied.")
    return broken(f"{len(plan)} wait, the first is {plan[0][0]}.", "Run `manage.py release`.")


@check("redis")
def redis() -> Finding:
    """Each server that the cache and the socket bus use; the broker is the queue's affair."""
    told = []
    for url in dict.fromkeys([settings.REDIS_CACHE_URL, settings.REDIS_BUS_URL]):
        started = time.perf_counter()
        try:
            info = _redis(url).info()
        except Exception as failure:  # noqa: BLE001
            return broken(first_line(failure), "See that Redis or Valkey runs and REDIS_URL names it.")
        version = info.get("valkey_version") or info["redis_version"]
        if int(version.split(".")[0]) < MIN_REDIS_VERSION:
            return broken(
                f"Redis {version} is too old.", f"Upgrade it to {MIN_REDIS_VERSION}, or to Valkey 8 or newer."
            )
        told.append(f"{version} answered in {_ms(started)} ms")
        if info.get("maxmemory_policy", "noeviction") != "noeviction":
            fix = "Set maxmemory-policy to noeviction, or give the cache a server of its own by REDIS_CACHE_URL."
            return warning(f"It forgets keys when it is full ({info['maxmemory_policy']}), tasks among them.", fix)
    return ok("; ".join(dict.fromkeys(told)) + ".")


@check("queue")
def queue() -> Finding:
    try:
        waiting = health_metrics.queues()
    except Exception as failure:  # noqa: BLE001  each transport has its own errors
        return broken(first_line(failure), "See that the broker runs and BROKER_URL or REDIS_URL names it.")
    words = ", ".join(f"{found.name}: {found.length} waiting" for found in waiting)
    oldest = max((found.oldest or 0.0 for found in waiting), default=0.0)
    if oldest > BAD_LAG_SECONDS or sum(found.length for found in waiting) > MAX_WAITING_TASKS:
        return warning(f"{words}; the oldest for {oldest:.0f} s.", "See that workers run; start more of them.")
    return ok(f"{words}.")


@check("clock")
def clock() -> Finding:
    """The database's and Redis' clock against ours: signatures, codes and limits compare them."""
    skews = {"the database": _skew(_database_time), "Redis": _skew(_redis_time)}
    words = ", ".join(f"{name} {skew:+.1f} s" for name, skew in skews.items())
    worst = max(abs(skew) for skew in skews.values())
    fix = "Let chrony, systemd-timesyncd or another NTP client run on every machine."
    if worst > BAD_SKEW_SECONDS:
        return broken(f"Clocks differ from ours: {words}.", fix)
    if worst > SKEW_SECONDS:
        return warning(f"Clocks differ from ours: {words}.", fix)
    return ok(f"Clocks agree: {words}.")


@check("mail")
def mail() -> Finding:
    """Greets the mail server and signs in; sends nothing."""
    if not settings.EMAIL_URL.scheme:
        words = f"EMAIL_URL is not set: mails are written to {settings.MAILBOX} and not sent."
        return off(words) if settings.DEBUG else broken(words, "Set EMAIL_URL: without mail nobody can sign up.")
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    outgoing = get_connection(timeout=TIMEOUT_SECONDS)
    try:
        outgoing.open()
    except Exception as failure:  # noqa: BLE001  smtplib, ssl and sockets each have their own errors
        return broken(f"{server}: {first_line(failure)}", "See that EMAIL_URL names the server, port and password.")
    finally:
        outgoing.close()
    if is_unencrypted_mail():
        words = f"{server} lets us send, but unencrypted: others can read the codes and links in mails."
        return warning(words, "Write smtp+tls:// or smtp+ssl:// into EMAIL_URL.")
    return ok(f"{server} lets us send.")


@check("storage")
def storage() -> Finding:
    """Writes a small file where media are kept, reads it back and removes it."""
    name = f"doctor-{uuid7().hex}.txt"
    try:
        name = save_file(name, name.encode())
        with default_storage.open(name) as file:
            whole = file.read()
        default_storage.delete(name)
    except OSError as failure:
        full = failure.errno in {errno.ENOSPC, errno.EDQUOT}
        cure = FREE_SPACE if full else "Give this user the right to write there."
        return broken(f"Media cannot be written: {first_line(failure)}", cure)
    if not whole:
        return broken("A file written there came back empty.", "The disk may be full: make room.")
    usage = shutil.disk_usage(Path(settings.MEDIA_ROOT))
    free, words = usage.free / usage.total, f"{usage.free / 2**30:.1f} GiB of {usage.total / 2**30:.1f} GiB are free."
    if free < NO_ROOM:
        return broken(words, FREE_SPACE)
    return warning(words, "Make room soon.") if free < LOW_ROOM else ok(words)


@check("static files")
def static_files() -> Finding:
    if settings.DEBUG:
        return off("Served from their sources. DEBUG is on.")
    try:
        return ok(f"{staticfiles_storage.url(SITE_CSS)}")
    except ValueError:
        return broken(f"{settings.STATIC_ROOT} does not hold them.", "Run `manage.py collectstatic --no-input`.")


@check("worker")
def worker() -> Finding:
    return _alive("worker", "Start it: `celery -A config worker`. Mails, webhooks and searches wait for it.")


@check("beat")
def beat() -> Finding:
    return _alive("beat", "Start it: `celery -A config beat`. Due posts, expired orders and late events wait for it.")


@check("events")
def events() -> Finding:
    lag, dead = health_metrics.event_lag(), health_metrics.dead_deliveries()
    if lag > LAG_SECONDS:
        says = broken if lag > BAD_LAG_SECONDS else warning
        return says(f"The oldest event has waited {lag:.0f} s.", "See that the worker and the beat run.")
    if dead:
        fix = "Look at *Event deliveries* in the admin, mend the cause, and send them again."
        return warning(f"{dead} deliveries were given up.", fix)
    return ok("None waits; no delivery was given up.")


@check("webhooks")
def webhooks() -> Finding:
    found = deliveries()
    late, failed = found["late"], found["failed"]
    if late.oldest > BAD_LAG_SECONDS:
        words = f"{late.count} could be sent; the oldest for {late.oldest:.0f} s."
        return warning(words, "See that the worker and the beat run, and that the worker takes WEBHOOK_QUEUE.")
    if failed.count:
        fix = "Look at *Webhook deliveries* in the admin: the attempts tell what the receiver answered."
        return warning(f"{failed.count} failed permanently in the last 24 hours.", fix)
    return ok(f"{found['waiting'].count} wait; none failed in the last 24 hours.")


@check("metrics")
def metrics() -> Finding:
    return ok("/metrics opens with METRICS_TOKEN.") if settings.METRICS_TOKEN else off("METRICS_TOKEN is not set.")


@check("errors to Sentry")
def sentry() -> Finding:
    return _reachable("SENTRY_DSN", settings.SENTRY_DSN)


@check("traces")
def traces() -> Finding:
    return _reachable("OTEL_EXPORTER_OTLP_ENDPOINT", settings.OTEL_ENDPOINT)


def _alive(process: str, fix: str) -> Finding:
    at = health_metrics.last_seen(process)
    if at is None:
        return broken("It was never seen.", fix)
    age = time.time() - at
    if age > health_metrics.DEAD_AFTER_SECONDS:
        return broken(f"It was last seen {age:.0f} s ago.", fix)
    return ok(f"Seen {max(0.0, age):.0f} s ago.")


def _reachable(variable: str, url: str) -> Finding:
    if not url:
        return off(f"{variable} is not set.")
    parts = urlsplit(url)
    where = (parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    try:
        socket.create_connection(where, timeout=TIMEOUT_SECONDS).close()
    except OSError as failure:
        return warning(
            f"{where[0]}:{where[1]}: {first_line(failure)}", f"See that {variable} names a server that runs."
        )
    return ok(f"{where[0]}:{where[1]} answers.")


def _skew(ask: Callable[[], float]) -> float:
    """Seconds that the other clock is ahead, taking half the way for the answer's travel."""
    before = time.time()
    theirs = ask()
    return theirs - (before + time.time()) / 2


def _database_time() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        return float(cursor.fetchone()[0])


def _redis_time() -> float:
    seconds, micros = _redis(settings.REDIS_CACHE_URL).time()
    return float(seconds) + float(micros) / 1e6


def _redis(url: str) -> Redis:
    return Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS)


def _ms(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
