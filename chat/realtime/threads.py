"""Database access for sockets, in a pool of four threads.

Channels' helper uses one thread per process, so one slow query would block every socket.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import connections

from core.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

MAX_THREADS = 4
DB_TIMEOUT_SECONDS = 5.0

_executor = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="talk-db")


async def run_in_db_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run synchronous code with its own connection, which is closed afterwards. Raises Unavailable after 5 seconds.

    Code that timed out may still commit. A request that is sent again then finds its result.
    """
    run = partial(contextvars.copy_context().run, _with_connection, partial(work, *args, **kwargs))
    try:
        async with asyncio.timeout(DB_TIMEOUT_SECONDS):
            return await asyncio.get_running_loop().run_in_executor(_executor, run)
    except TimeoutError:
        raise Unavailable(retry_after=1) from None


def _with_connection(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connections.close_all()
