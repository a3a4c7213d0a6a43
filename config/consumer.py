"""How a worker comes back to its queue."""

from typing import Any

import structlog
from celery.worker import consumer
from celery.worker.state import maybe_shutdown

log = structlog.get_logger(__name__)

MAX_PAUSE_SECONDS = 3.0


class Consumer(consumer.Consumer):
    """Asks for the queue every few seconds for as long as it is away; Celery's own waits for up to half a minute."""

    def ensure_connected(self, conn: Any) -> Any:
        """Return the connection once it stands. Ends with the worker when that is told to stop."""
        return conn.ensure_connection(
            self._tell, max_retries=None, interval_max=MAX_PAUSE_SECONDS, interval_start=1.0, callback=maybe_shutdown
        )

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Let go of a lost connection. What it has not acknowledged is sent again from the database, not put back.

        kombu would put it back, or acknowledge it when a child ends a moment later, by the connection it has just
        taken apart, and the worker would die of that while it has something at hand.
        """
        for channel in getattr(self.connection and self.connection.transport, "channels", None) or ():
            channel.do_restore = False
            channel.basic_ack = channel.basic_reject = _too_late
        super().on_connection_error_after_connected(exc)

    def _tell(self, failure: Exception, pause: float) -> None:
        log.warning("queue_unreachable", error=str(failure), next_try_in=pause)


def _too_late(*_: Any, **__: Any) -> None:
    """The connection that would receive the reply is closed."""
