"""`manage.py up`: everything that Agora needs, in one process tree that starts and ends as one."""

import http.client
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from config.embedded.child import Child
from config.embedded.console import Terminal, say
from config.embedded.lock import Lock, Owner
from config.embedded.process import Process, ServiceError, die_with_parent, spawn
from config.embedded.reload import Changes
from config.embedded.stack import Stack, lock_path

_FIRST_PORT, _LAST_PORT = 8000, 8099
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PAUSE_SECONDS = 0.5  # between two looks at the children


class StopRequested(BaseException):
    """Somebody wants us to stop. Not an Exception, so that no handler on the way swallows it."""


class Supervisor:
    """Owns PostgreSQL, Valkey, the web process and the worker.

    `port` is the one asked for, or None for the first free one. `prepare` runs once the services answer, before
    the web starts. `welcome` is called with the address once pages are served.
    """

    def __init__(
        self, *, port: int | None, reload: bool, prepare: Callable[[], None], welcome: Callable[[str], None]
    ) -> None:
        self._asked_port, self._reload = port, reload
        self._prepare, self._welcome = prepare, welcome
        self._stack = Stack()
        self._children: list[Child] = []
        self._stopping = False
        self._welcomed = False

    def run(self) -> None:
        """Start everything, look after it until a signal or the end of the terminal, stop everything.

        Raises ServiceError where that cannot be done.
        """
        if os.environ.get("MAKELEVEL"):
            die_with_parent(signal.SIGTERM, os.getppid())  # a killed make takes us along
        lock = Lock(lock_path())
        if not lock.acquire():
            raise ServiceError(_already_runs(lock.owner()))
        with self._signals(), suppress(StopRequested):
            self._listener = _listen(self._asked_port)
            self._port: int = self._listener.getsockname()[1]
            lock.sign(self.url)
            try:
                say("Starting PostgreSQL and Valkey.")
                self._stack.start()
                self._prepare()
                self._look_after(self._plan_children())
            finally:
                self._stop()

    @property
    def url(self) -> str:
        """The address for a browser on this machine; passkeys want a name rather than a number."""
        return f"http://localhost:{self._port}"

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {number: signal.getsignal(number) for number in _STOP_SIGNALS}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # nohup
                signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if not self._stopping:  # a second Ctrl-C must not break off the stop
            self._stopping = True
            raise StopRequested

    def _plan_children(self) -> list[Child]:
        if self._stack.valkey is not None:
            self._children.append(Child("Valkey", self._stack.start_valkey, 5.0, self._stack.valkey))
        self._children.append(Child("The web process", self._launch_web, 6.0))
        self._children.append(Child("The worker", self._launch_worker, 8.0))
        return self._children

    def _look_after(self, children: list[Child]) -> None:
        terminal = Terminal()
        changes = Changes() if self._reload else None
        while not self._stopping:
            for child in children:
                child.watch()
            if self._stack.postgres is not None and self._stack.postgres.poll() is not None:
                raise ServiceError(f"PostgreSQL ended by itself; see {self._stack.folder / 'postgres.log'}.")
            if not self._welcomed and _serves(self._port):
                self._welcomed = True
                self._welcome(self.url)
            if changes is not None and changes.seen():
                say("Files changed. Restarting.")
                for child in children[-2:]:
                    child.restart()
            if terminal.closed_within(_PAUSE_SECONDS if self._welcomed else 0.05):
                return

    def _launch_web(self) -> Process:
        descriptor = self._listener.fileno()
        command = [
            *(sys.executable, "-m", "uvicorn", "config.asgi:application", "--fd", str(descriptor)),
            *("--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "3"),
            *("--ws-max-size", "65536", "--ws-per-message-deflate", "false"),
        ]
        return spawn(command, death_signal=signal.SIGKILL, env=self._env("web"), pass_fds=[descriptor])

    def _launch_worker(self) -> Process:
        command = [
            # Celery warns a worker that is root; here it serves one developer.
            *(sys.executable, "-W", "ignore:You're running the worker with superuser privileges"),
            *("-m", "celery", "-A", "config", "--quiet", "worker", "-B", "-s", str(self._stack.folder / "beat")),
            *("--concurrency", "2", "--without-gossip", "--without-mingle", "--loglevel", "WARNING"),
        ]
        return spawn(command, death_signal=signal.SIGKILL, env=self._env("worker"))

    def _env(self, role: str) -> dict[str, str]:
        return {**os.environ, "AGORA_ROLE": role, "PORT": str(self._port), "PYTHONUNBUFFERED": "1"}

    def _stop(self) -> None:
        """The users of the services first, side by side; then the services."""
        self._stopping = True
        say("Stopping.")
        users = [child for child in self._children if child.name != "Valkey"]
        for child in users:
            child.ask_to_stop()
        for child in users:
            child.finish()
        self._stack.stop()


def _already_runs(owner: Owner | None) -> str:
    if owner is None:
        return "Agora is being started from this checkout already."
    return f"Agora already runs from this checkout: {owner['what']} (pid {owner['pid']})."


def _listen(port: int | None) -> socket.socket:
    """Bind here and pass the descriptor on: nobody can take the port in between, and it survives a restart."""
    for candidate in range(_FIRST_PORT, _LAST_PORT + 1) if port is None else [port]:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", candidate))
        except OSError:
            listener.close()
            continue
        listener.listen(128)
        return listener
    wanted = "The ports 8000 to 8099 are" if port is None else f"Port {port} is"
    raise ServiceError(f"{wanted} taken. Choose another: make run PORT=9000")


def _serves(port: int) -> bool:
    """Whether the server answers requests yet, with any status. Until then connections wait in the listener's queue."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health/live", headers={"Connection": "close"})
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
