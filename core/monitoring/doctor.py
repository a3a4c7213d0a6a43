"""`manage.py doctor`: is everything that Agora stands on there, and if not, what to do.

Each check is a small function that returns a finding. All run side by side, each with its own time-out, so one that
hangs or fails hides no other. What is found is told with every secret of the settings blotted out.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import connections

# What a whole check may take; the clients inside give up earlier where they can.
TIMEOUT_SECONDS = 8.0
MIN_SECRET_LENGTH = 6


class State(StrEnum):
    OK = "ok"
    OFF = "off"  # not configured, and nothing is missing without it
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, in words, and what to do about it. `name` is the check's."""

    state: State
    what: str
    fix: str = ""
    name: str = ""


Check = Callable[[], Finding]

_checks: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Register a check. It may raise anything: then it is broken, and says why."""

    def keep(function: Check) -> Check:
        _checks[name] = function
        return function

    return keep


def ok(what: str) -> Finding:
    return Finding(State.OK, what)


def off(what: str) -> Finding:
    return Finding(State.OFF, what)


def warning(what: str, fix: str) -> Finding:
    return Finding(State.WARNING, what, fix)


def broken(what: str, fix: str) -> Finding:
    return Finding(State.BROKEN, what, fix)


def examine(patience: float = TIMEOUT_SECONDS) -> list[Finding]:
    """Run all checks at once; a finding for each, in the order of their registration, after `patience` at most."""
    found: dict[str, Finding] = {}
    # Threads that hang must not keep the command from ending, so they are daemons and no pool.
    threads = [threading.Thread(target=_run, args=(name, found), daemon=True) for name in _checks]
    deadline = time.monotonic() + patience
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [_without_secrets(found.get(name) or _silent(name)) for name in _checks]


def first_line(failure: BaseException) -> str:
    """The failure in one line."""
    lines = str(failure).strip().splitlines()
    return lines[0] if lines else type(failure).__name__


def _run(name: str, found: dict[str, Finding]) -> None:
    try:
        found[name] = replace(_checks[name](), name=name)
    except Exception as failure:  # noqa: BLE001  any error is reported as the result
        fix = "This check could not be carried out. If the line says too little, look at the log."
        found[name] = Finding(State.BROKEN, f"{type(failure).__name__}: {first_line(failure)}", fix, name)
    finally:
        connections.close_all()


def _silent(name: str) -> Finding:
    fix = "Something does not answer and does not refuse either: look for a firewall, a full disk or a stopped process."
    return Finding(State.BROKEN, "No answer in time.", fix, name)


def _without_secrets(finding: Finding) -> Finding:
    what, fix = finding.what, finding.fix
    for secret in _secrets():
        what, fix = what.replace(secret, "[hidden]"), fix.replace(secret, "[hidden]")
    return replace(finding, what=what, fix=fix)


def _secrets() -> Iterator[str]:
    """Every secret that a library's message might quote."""
    addresses = (settings.REDIS_CACHE_URL, settings.REDIS_BUS_URL, settings.CELERY_BROKER_URL, settings.SENTRY_DSN)
    inside = [part for url in addresses for part in (urlsplit(url).username, urlsplit(url).password) if part]
    candidates = [
        settings.SECRET_KEY,
        *settings.SECRET_KEY_FALLBACKS,
        *settings.DATA_KEYS,
        settings.METRICS_TOKEN,
        settings.EMAIL_HOST_PASSWORD,
        settings.DATABASES["default"].get("PASSWORD", ""),
        *inside,
        *(unquote(part) for part in inside),
    ]
    return (secret for secret in candidates if secret and len(secret) >= MIN_SECRET_LENGTH)
