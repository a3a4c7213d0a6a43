"""One folder in which the processes of a server add up what they count. Nothing here imports prometheus_client: it
looks for the folder when it is imported, so `share_metrics` has to run first.
"""

import os
import tempfile

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def share_metrics() -> str:
    """Give this process and all that it will fork a fresh folder to count in, unless it has one; return its path."""
    if not os.environ.get(FOLDER):
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="agora-metrics-")
    return os.environ[FOLDER]


def forget_process(pid: int) -> None:
    """A process has ended: what it counted stays, what it had open (sockets) goes."""
    from prometheus_client import multiprocess  # noqa: PLC0415  see above

    multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]
