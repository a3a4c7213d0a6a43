"""A process about to stop says so before it closes its door, so that the proxy sends its next requests elsewhere.

The flag is one byte of memory that a process shares with all it forks: a web server's parent raises it when it is
asked to stop, and its workers' readiness answers 503 from then on while they go on serving.
"""

import mmap

_flag = mmap.mmap(-1, 1)


def begin() -> None:
    """Say from now on, here and in every process forked from here, that no new requests should come."""
    _flag[0] = 1


def begun() -> bool:
    return _flag[0] == 1


def cancel() -> None:
    """As before; for tests."""
    _flag[0] = 0
