"""The worker of the web process."""

import socket
import time
from contextlib import suppress
from typing import Any, Final

from gunicorn.workers.gthread import TConn, ThreadWorker

# As much as the proxy lets through (deploy/Caddyfile): what it forwards can be drained to the end.
MAX_UNREAD_BYTES: Final = 16 * 1000 * 1000
DRAIN_SECONDS: Final = 5


class Worker(ThreadWorker):
    """Takes connections only while a thread is free to serve them, and leaves the others to its neighbours.

    Proxies keep their connections. One worker that takes all of them would serve all of them, until they are closed,
    while the others have nothing to do.

    A body that no view read is drained to its end. gunicorn alone stops at 64 KiB and closes a connection that its
    response had promised to keep: the proxy's next request on it fails, and the proxy may blame the process.
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

    def handle_request(self, req: Any, conn: TConn) -> Any:
        if _announced_bytes(req) > MAX_UNREAD_BYTES:
            req.force_close()  # the response says `Connection: close`
        return super().handle_request(req, conn)

    def _keepalive_after(self, conn: TConn, keepalive: Any) -> bool:
        if not keepalive:
            return False
        deadline = time.monotonic() + DRAIN_SECONDS
        return bool(conn.parser.finish_body(deadline=deadline, max_bytes=MAX_UNREAD_BYTES))


def _announced_bytes(req: Any) -> int:
    for name, value in req.headers:
        if name == "CONTENT-LENGTH":
            with suppress(ValueError):
                return int(value)
    return 0
