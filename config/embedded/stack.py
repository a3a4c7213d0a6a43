"""Both services of one stack, started and stopped together."""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.embedded import paths, postgres, valkey
from config.embedded.lock import Lock
from config.embedded.process import Process, ServiceError
from config.embedded.root import identity

_WAIT_SECONDS = 60.0  # for another process that is about to have them ready


class Stack:
    """PostgreSQL and Valkey of the current stack, as far as they are ours to start. Hold its lock meanwhile."""

    def __init__(self, *, durable: bool = True) -> None:
        self.durable = durable
        self.folder = paths.stack()
        self.run = paths.run_dir()
        self.postgres: Process | None = None
        self.valkey: Process | None = None

    def start(self) -> None:
        """Start both and wait until they answer. On ServiceError what had started is stopped again."""
        make_private(self.folder)
        if identity().uid != os.geteuid():
            self.folder.chmod(0o711)  # nobody has to pass through
        make_private(self.run)
        try:
            if paths.needs_postgres():
                self.postgres = postgres.start(self.folder, self.run, durable=self.durable)
                postgres.make_database(self.run)
            if paths.needs_valkey():
                self.start_valkey()
        except BaseException:
            self.stop()
            raise

    def start_valkey(self) -> Process:
        """Start Valkey alone: it may be started again whenever it ends, since it keeps nothing."""
        self.valkey = valkey.start(self.folder, self.run)
        return self.valkey

    def stop(self) -> None:
        """Stop both and wait. Their users should have gone first."""
        if self.valkey:
            valkey.stop(self.valkey)
        if self.postgres:
            postgres.stop(self.postgres)
        if self.run.parent != self.folder:
            with suppress(OSError):
                self.run.rmdir()


@contextmanager
def services(what: str = "a command") -> Iterator[None]:
    """Both services for as long as the block runs: those of a running Agora, or else started just for it.

    `what` names the work in the message to others who start Agora meanwhile. Raises ServiceError.
    """
    lock = Lock(lock_path())
    if not lock.acquire():
        _wait_for_owner()
        yield
        return
    try:
        lock.sign(what)
        stack = Stack()
        stack.start()
        try:
            yield
        finally:
            stack.stop()
    finally:
        lock.release()


def lock_path() -> Path:
    """The lock of the current stack."""
    return paths.stack() / "up.lock"


def make_private(folder: Path) -> None:
    """Make a folder that only we can enter, or accept it if it is one. Raises ServiceError for anything else."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), identity().uid}:
        raise ServiceError(f"{folder} belongs to somebody else. Move it away or set AGORA_HOME.")


def _wait_for_owner() -> None:
    run, deadline = paths.run_dir(), time.monotonic() + _WAIT_SECONDS
    while not _answer(run):
        if time.monotonic() > deadline:
            raise ServiceError("Another process holds the services of this checkout, but they do not answer.")
        time.sleep(0.1)


def _answer(run: Path) -> bool:
    return (not paths.needs_postgres() or postgres.answers(run)) and (not paths.needs_valkey() or valkey.answers(run))
