"""What an ASGI process does when it starts and stops."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connections


async def lifespan(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Answer the server's start and stop (ASGI lifespan 2.0); give the database pool back at the end."""
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif event["type"] == "lifespan.shutdown":
            await sync_to_async(close_pools)()
            await send({"type": "lifespan.shutdown.complete"})
            return


def close_pools() -> None:
    """Give the database connections of this process back. An open pool would hold up its end by seconds."""
    for connection in connections.all():
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's
