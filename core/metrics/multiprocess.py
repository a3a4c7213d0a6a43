"""One folder in which the processes of a server add up what they count. Nothing here imports prometheus_client: it
looks for the folder when it is imported, so `share_metrics` has to run first.
"""

import atexit
import os
import shutil
import tempfile

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def share_metrics() -> str:
    """Give this process and all that it will fork a fresh folder to count in, unless it has one; return its path.

    It goes when this process ends.
    """
    if not os.environ.get(FOLDER):
        folder = os.environ[FOLDER] = tempfile.mkdtemp(prefix="agora-metrics-")
        atexit.register(_remove, folder, os.getpid())
    return os.environ[FOLDER]


def own_pid() -> int:
    """Who counts. It is asked at each count, where asking the system would take longer than to count."""
    return _pid


def forget_process(pid: int) -> None:
    """A process has ended: what it counted stays, what it had open (sockets) goes."""
    from prometheus_client import multiprocess  # noqa: PLC0415  see above

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


_pid = os.getpid()


def _look_again() -> None:
    global _pid  # noqa: PLW0603  one a process
    _pid = os.getpid()


os.register_at_fork(after_in_child=_look_again)


def _remove(folder: str, owner: int) -> None:
    if os.getpid() == owner:  # a fork inherits what is to be done at exit
        shutil.rmtree(folder, ignore_errors=True)
