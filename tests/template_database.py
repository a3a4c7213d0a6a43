"""A migrated database that test databases are copied from, kept in the cluster from one run to the next.

Copying takes a fraction of the time of the migrations. The name holds a digest of all migrations and locked packages,
so a changed one leads to a new template; Django still runs `migrate` on every copy, which then finds nothing to do.
"""

import hashlib
import os
import subprocess
import sys

import psycopg
from psycopg import sql

from config.embedded import paths

VARIABLE = "AGORA_TEST_TEMPLATE"  # how the workers of pytest-xdist learn the name
PREFIX = "template_of_tests_"


def prepare() -> None:
    """Make the template unless it is there, drop outdated ones, and name it in the environment. Call it once a run."""
    name = PREFIX + _digest()
    with psycopg.connect(_conninfo(), autocommit=True) as connection:
        found = {row[0] for row in connection.execute("SELECT datname FROM pg_database").fetchall()}
        for outdated in sorted(each for each in found if each.startswith(PREFIX) and each != name):
            connection.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(outdated)))
        if name not in found:
            database = sql.Identifier(paths.DATABASE)  # the cluster's own, which tests do not use
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(database))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
            _migrate()
            # A copy is complete or it is not there: an interrupted run leaves no half template.
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), database))
    os.environ[VARIABLE] = name


def name() -> str | None:
    """The template's name, or None where the tests use a server of somebody else."""
    return os.environ.get(VARIABLE)


def _digest() -> str:
    digest = hashlib.sha256((paths.BASE_DIR / "requirements.txt").read_bytes())
    for file in sorted(paths.BASE_DIR.glob("*/migrations/*.py")):
        digest.update(str(file.relative_to(paths.BASE_DIR)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def _migrate() -> None:
    """Migrate in a process of its own: this one has not read the settings yet."""
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=paths.BASE_DIR, check=True)


def _conninfo() -> str:
    return f"host={paths.run_dir()} port={paths.POSTGRES_PORT} user={paths.USER} dbname=postgres"
