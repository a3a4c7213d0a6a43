"""The database engine of a process whose threads live long: each keeps its connection from request to request.

A pool would hand connections around between threads that could each have one, and ask the server before every request
whether it is still there. Here the socket is looked at: a server that ended has closed it or said why, and both can be
seen without a trip.
"""

import select
import time
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection, OperationalError

RECONNECT_SECONDS = 5.0  # how long a request waits for a server that restarts
PAUSE_SECONDS = 0.1


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, looked at rather than asked, and waited for while it restarts."""

    def is_usable(self) -> bool:
        """Whether the connection is still good: nothing may have come that nobody asked for."""
        connection: Connection[Any] | None = self.connection
        if connection is None or connection.closed:
            return False
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return not poll.poll(0)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection[Any]:
        """Connect, with retries for `RECONNECT_SECONDS`. Raises psycopg.OperationalError."""
        end = time.monotonic() + RECONNECT_SECONDS
        while True:
            try:
                made: Connection[Any] = super().get_new_connection(conn_params)
            except OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(PAUSE_SECONDS)
            else:
                return made
