"""The worker of the web process."""

import socket
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker


class Worker(ThreadWorker):
    """Takes connections only while a thread is free to serve them, and leaves the others to its neighbours.

    Proxies keep their connections. One worker that takes all of them would serve all of them, until they are closed,
    while the others have nothing to do.
    """

    busy = 0  # connections that are with a thread, or wait for one; counted by the loop alone

    def accept(self, listener: socket.socket) -> None:
        if self.busy < self.cfg.threads:
            super().accept(listener)
        else:
            self.set_accept_enabled(False)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Listen or not; the loop asks to listen again at each of its turns."""
        super().set_accept_enabled(enabled and self.busy < self.cfg.threads)

    def enqueue_req(self, conn: TConn) -> None:
        self.busy += 1
        super().enqueue_req(conn)

    def finish_request(self, conn: TConn, fs: Any) -> None:
        self.busy -= 1
        super().finish_request(conn, fs)
