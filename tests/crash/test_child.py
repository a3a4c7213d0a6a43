"""How a single child is looked after."""

import signal
import sys
import time
from collections.abc import Callable

import pytest

from config.embedded.child import Child
from config.embedded.process import Process, ServiceError, spawn
from tests.crash.conftest import wait_for

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"
)


def launching(*command: str) -> Callable[[], Process]:
    return lambda: spawn(command, death_signal=signal.SIGKILL)


def watched_until(child: Child, condition: Callable[[], bool], *, seconds: float) -> bool:
    def look() -> bool:
        child.watch()
        return condition()

    return wait_for(look, seconds=seconds)


def test_a_restart_starts_the_next_one_without_a_pause() -> None:
    child = Child("The sleeper", launching("sleep", "60"), grace=5)
    child.watch()
    first = child.process

    child.restart()

    assert watched_until(child, lambda: child.process not in (None, first), seconds=0.9)
    assert first.returncode == -signal.SIGTERM
    child.ask_to_stop()
    child.finish()


def test_a_child_that_does_not_stop_in_its_grace_is_killed(capfd: pytest.CaptureFixture[str]) -> None:
    child = Child("The stubborn one", launching(sys.executable, "-c", STUBBORN), grace=0.2)
    child.watch()
    assert wait_for(lambda: capfd.readouterr().out == "ready\n", seconds=10)

    child.ask_to_stop()
    child.finish()

    assert child.process.returncode == -signal.SIGKILL


def test_a_child_that_keeps_ending_is_started_after_longer_and_longer_pauses(
    capsys: pytest.CaptureFixture[str],
) -> None:
    starts: list[float] = []

    def launch() -> Process:
        starts.append(time.monotonic())
        return spawn(["false"], death_signal=signal.SIGKILL)

    child = Child("The weak one", launch, grace=1)

    assert watched_until(child, lambda: len(starts) == 3, seconds=10)
    assert starts[1] - starts[0] >= 1
    assert starts[2] - starts[1] >= 2
    assert "The weak one ended with 1. Starting it again in 1 s.\n" in capsys.readouterr().out
    child.finish()


def test_a_child_that_cannot_be_started_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    def launch() -> Process:
        raise ServiceError("no room")

    child = Child("The homeless one", launch, grace=1)

    child.watch()

    assert child.process is None
    assert capsys.readouterr().out == "The homeless one did not start: no room. Starting it again in 1 s.\n"
