"""A process that ought to run always."""

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from signal import SIGKILL, SIGTERM

from config.embedded.console import say
from config.embedded.process import Process, ServiceError, kill_group, stop

_STEADY_SECONDS = 30.0  # who ran this long is started again at once
_MAX_PAUSE_SECONDS = 30.0


@dataclass
class Child:
    """Started again whenever it ends, after longer and longer pauses if it keeps ending early.

    `grace` is the time in seconds that it has to stop by itself before it is killed.
    """

    name: str
    launch: Callable[[], Process]
    grace: float
    process: Process | None = None
    _started: float = 0.0
    _due: float = 0.0
    _early_ends: int = 0
    _kill_at: float | None = None  # set while we asked it to stop, to restart it

    def watch(self) -> None:
        """Look after it once; never blocks for long."""
        now = time.monotonic()
        if self.process is None:
            if now >= self._due:
                self._start(now)
        elif self.process.poll() is None:
            if self._kill_at is not None and now >= self._kill_at:
                self.process.kill()
        else:
            kill_group(self.process)
            self._plan(now, f"ended with {self.process.returncode}")

    def restart(self) -> None:
        """Stop the process; `watch` restarts it without a pause."""
        self._early_ends, self._due = 0, 0.0
        if self.process is not None and self._kill_at is None:
            self.process.send_signal(SIGTERM)
            self._kill_at = time.monotonic() + self.grace

    def ask_to_stop(self) -> None:
        """Send the signal and return, so that several may stop side by side."""
        if self.process is not None:
            self.process.send_signal(SIGTERM)

    def finish(self) -> None:
        """Wait for the end that was asked for; kill it when its grace is over."""
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(self.grace)
            stop(self.process, (SIGKILL, 5))
            kill_group(self.process)

    def _start(self, now: float) -> None:
        self._started, self._kill_at = now, None
        try:
            self.process = self.launch()
        except (OSError, subprocess.SubprocessError, ServiceError) as error:
            self._plan(now, f"did not start: {error}")

    def _plan(self, now: float, what: str) -> None:
        self.process = None
        if self._kill_at is not None:
            self._start(now)
            return
        self._early_ends = 0 if now - self._started > _STEADY_SECONDS else self._early_ends + 1
        pause = min(2.0 ** (self._early_ends - 1), _MAX_PAUSE_SECONDS) if self._early_ends else 0.0
        self._due = now + pause
        say(f"{self.name} {what}. Starting it again{f' in {pause:.0f} s' if pause else ''}.")
