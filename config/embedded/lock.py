"""One owner of the services of a checkout. The kernel drops the lock when the owner ends, however it ends."""

import fcntl
import json
import os
from pathlib import Path
from typing import TypedDict

from config.embedded.process import ServiceError


class Owner(TypedDict):
    """Who holds the lock, and what for: the address that it serves, or the name of the command."""

    pid: int
    what: str


class Lock:
    """A file whose lock is held while this object lives. The file itself is never deleted: that would be a race.

    Raises ServiceError where the folder is not ours to write.
    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ServiceError(
                f"{path} cannot be written: {error.strerror}. Set AGORA_HOME to a folder of yours."
            ) from error

    def acquire(self) -> bool:
        """Take it if it is free, without waiting."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def sign(self, what: str) -> None:
        """Say what we hold it for."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps(Owner(pid=os.getpid(), what=what)).encode(), 0)

    def owner(self) -> Owner | None:
        """What the holder says of itself; None in the moment before it has."""
        try:
            owner: Owner = json.loads(os.pread(self._file, 4096, 0))
        except ValueError:
            return None
        return owner

    def release(self) -> None:
        """Give it back."""
        os.close(self._file)
