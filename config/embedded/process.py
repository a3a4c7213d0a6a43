"""Start child processes that cannot outlive this one, find those that did, and stop them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from config.embedded.paths import BASE_DIR

Process = subprocess.Popen[bytes]
Step = tuple[signal.Signals, float]  # a signal, and the seconds to wait before the next step

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class ServiceError(Exception):
    """A service could not be started; the text says what to do."""


def spawn(
    command: Sequence[str | Path],
    *,
    death_signal: signal.Signals,
    env: Mapping[str, str] | None = None,
    output: int | IO[bytes] | None = None,
    pass_fds: Sequence[int] = (),
    before: Callable[[], None] | None = None,
) -> Process:
    """Start a child in a session of its own, so that Ctrl-C reaches only us and we choose the order of stopping.

    The kernel sends it `death_signal` when this process ends (on Linux). It does so when the *thread* that
    forked ends, so call this from the main thread. `before` runs in the child ahead of the command.
    """
    parent = os.getpid()

    def prepare() -> None:
        if before is not None:
            before()
        die_with_parent(death_signal, parent)  # last: a change of user clears it

    return subprocess.Popen(
        [os.fspath(part) for part in command],
        cwd=BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        env=env,
        pass_fds=pass_fds,
        preexec_fn=prepare,
        start_new_session=True,
    )


def die_with_parent(death_signal: signal.Signals, parent: int) -> None:
    """Ask the kernel for `death_signal` when our parent ends. Where it knows no such thing, nothing happens."""
    if sys.platform != "linux":
        return
    _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def stop(process: Process, *steps: Step) -> None:
    """Send the signals one after another until the process has ended."""
    for number, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)


def kill_group(process: Process) -> None:
    """Kill what an ended child left behind in its session, such as Celery's scheduler."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def wait_until(ready: Callable[[], bool], process: Process, *, seconds: float) -> bool:
    """Ask `ready` until it says yes; False when the process ended or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        if ready():
            return True
        time.sleep(0.02)
    return False


def stop_strays(words: str, *, first: signal.Signals, patience: float) -> None:
    """Stop processes whose command line holds these words: left over from a run that had no chance to stop them."""
    strays = list(_processes_with(words))
    for number, seconds in ((first, patience), (signal.SIGKILL, 5.0)):
        for pid in strays:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while (strays := [pid for pid in strays if _alive(pid)]) and time.monotonic() < deadline:
            time.sleep(0.05)


def _processes_with(words: str) -> Iterator[int]:
    wanted = os.fsencode(words)
    for pid, command in _commands():
        if wanted in command and pid != os.getpid():
            yield pid


def _commands() -> Iterator[tuple[int, bytes]]:
    """Every process that we may see: its id, and its command line with a space after each part."""
    if not Path("/proc/self/cmdline").exists():
        listing = subprocess.run(["ps", "-axo", "pid=,command="], capture_output=True, check=True).stdout
        for line in listing.splitlines():
            pid, _, command = line.strip().partition(b" ")
            yield int(pid), command + b" "
        return
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            yield int(folder.name), (folder / "cmdline").read_bytes().replace(b"\0", b" ")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
