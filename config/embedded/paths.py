"""Where the embedded services keep their data and sockets. Computed alone, so settings need nothing running."""

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

BASE_DIR = Path(__file__).resolve().parents[2]
DATABASE = "agora"
USER = "agora"
POSTGRES_PORT = 5432
DATABASES_PER_WORKER = 8  # numbered Valkey databases that one test worker may use

_SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103  # bytes, from sockaddr_un


def home() -> Path:
    """The folder of everything that Agora writes on this machine; a relative AGORA_HOME counts from the checkout."""
    return BASE_DIR / os.environ.get("AGORA_HOME", ".agora")


def stack() -> Path:
    """The folder of one set of services: the home itself, or for a test run the subfolder named by AGORA_STACK."""
    return home() / os.environ.get("AGORA_STACK", "")


def run_dir() -> Path:
    """The folder of the sockets: inside the stack, or in the system's temporary folder where that path is too long."""
    preferred = stack() / "run"
    if len(os.fsencode(postgres_socket(preferred))) <= _SOCKET_PATH_LIMIT:
        return preferred
    digest = hashlib.sha256(os.fsencode(stack())).hexdigest()[:10]
    return Path(tempfile.gettempdir()) / f"agora-{os.getuid()}-{digest}"


def postgres_socket(run: Path) -> Path:
    """The socket that PostgreSQL makes in this folder."""
    return run / f".s.PGSQL.{POSTGRES_PORT}"


def valkey_socket(run: Path) -> Path:
    """The socket that Valkey makes in this folder."""
    return run / "v.sock"


def needs_postgres() -> bool:
    """Whether PostgreSQL is ours to start."""
    return not os.environ.get("DATABASE_URL")


def needs_valkey() -> bool:
    """Whether Valkey is ours to start."""
    return not os.environ.get("REDIS_URL")


def postgres_settings() -> dict[str, str]:
    """The connection part of an entry in Django's DATABASES."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": str(run_dir()),
        "PORT": str(POSTGRES_PORT),
        "USER": USER,
        "NAME": DATABASE,
    }


def valkey_url(db: int) -> str:
    """The address of one numbered database, 0 to 7, for redis-py and Django's cache."""
    return f"unix://{_quoted_socket()}?db={_own(db)}"


def broker_url() -> str:
    """The address of the same Valkey as Celery wants it; messages live in database 0."""
    return f"redis+socket://{_quoted_socket()}?virtual_host={_own(0)}"


def _quoted_socket() -> str:
    return quote(str(valkey_socket(run_dir())))


def _own(db: int) -> int:
    """The database's number for this process: each pytest-xdist worker has its own, so one may flush what is its."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return db + DATABASES_PER_WORKER * int(worker)
