"""What the supervisor says to the terminal, and how it notices that the terminal has gone."""

import select
import sys
from contextlib import suppress


def say(text: str = "") -> None:
    """Print a line. A terminal that has gone must not stop us from stopping in order."""
    with suppress(OSError):
        print(text, flush=True)


class Terminal:
    """The terminal on our standard input, if there is one."""

    def __init__(self) -> None:
        self._poll = select.poll()
        if sys.stdin is not None and sys.stdin.isatty():
            self._poll.register(sys.stdin.fileno(), 0)  # no event asked for: only its end is reported
            if any(event & select.POLLNVAL for _, event in self._poll.poll(0)):  # macOS cannot watch every terminal
                self._poll.unregister(sys.stdin.fileno())

    def closed_within(self, seconds: float) -> bool:
        """Wait for this long; True as soon as the terminal is closed.

        make swallows the hang-up signal that we would get, when it leads the session.
        """
        return bool(self._poll.poll(seconds * 1000))
