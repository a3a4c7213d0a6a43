"""Asking as one of the three roles, with everything noted that must not happen on the way."""

import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client

from tests.contract.world import World

Ask = Callable[..., int]


@contextmanager
def undone() -> Iterator[None]:
    """What is written inside is taken back. For what wants no transaction around it, there is none, as in any test."""
    block = transaction.atomic()
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)


def failures(check: Callable[..., None], cases: Iterable[Sequence[Any]]) -> dict[Any, str]:
    """What fails of a check, by case; each case finds everything as it was before the first."""
    found = {}
    for case in cases:
        with undone():
            try:
                check(*case)
            except AssertionError as failure:
                found[tuple(case)] = str(failure)[:2000]
            except Exception as failure:
                failure.add_note(f"The case: {case}")
                raise
    return found


class Faults(logging.Handler):
    """What was raised in a view, and what was logged as an error or with a traceback; how often each role asked."""

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[str] = []
        self.asked: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("django.security"):
            return  # what Django refuses with 400 it logs there
        if record.levelno >= logging.ERROR or record.exc_info:
            failure = record.exc_info[1] if record.exc_info else None
            self.noted.append(f"log: {record.getMessage()[:200]} {failure!r}"[:400])

    def require_none(self) -> None:
        assert not self.noted, "\n".join([f"{len(self.noted)} faults", *self.noted[:200]])

    def raised(self, sender: Any, **_more: Any) -> None:
        self.noted.append(f"raised: {sys.exception()!r}"[:300])


@pytest.fixture
def faults() -> Iterator[Faults]:
    handler, root = Faults(), logging.getLogger()
    root.addHandler(handler)
    got_request_exception.connect(handler.raised, weak=False)
    yield handler
    got_request_exception.disconnect(handler.raised)
    root.removeHandler(handler)


@pytest.fixture
def ask(world: World, faults: Faults) -> Ask:
    """Send a request and undo what it wrote; what went wrong with it stands in `faults`."""
    client = Client(raise_request_exception=False)
    people = {name: environ(headers) for name, headers in world.people.items()}

    def send(who: str, method: str, path: str, body: Any = "", kind: str = "", query: str = "", **headers: str) -> int:
        client.cookies.clear()
        before = len(faults.noted)
        faults.asked[who] += 1
        more = people[who] | headers
        content_type = more.pop("CONTENT_TYPE", kind or "text/plain")
        with undone():
            response = client.generic(method, path, body, content_type, QUERY_STRING=query, **more)
            if response.streaming:
                b"".join(response)
        if response.status_code >= 500:
            faults.noted.append(f"status {response.status_code}")
        faults.noted[before:] = [
            f"{who} {method} {path[:100]}?{query[:80]} {str(body)[:80]!r} {headers}: {note}"
            for note in faults.noted[before:]
        ]
        return int(response.status_code)

    return send


def environ(headers: dict[str, str]) -> dict[str, str]:
    plain = {name.upper().replace("-", "_"): value for name, value in headers.items()}
    return {name if name == "CONTENT_TYPE" else f"HTTP_{name}": value for name, value in plain.items()}
