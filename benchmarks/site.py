"""The site as production runs it, with a database of its own beside the demo's and a port of its own on loopback."""

import base64
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from config.embedded import paths, services

ROOT = Path(__file__).resolve().parents[1]
DATABASE = "agora_bench"
HOST = "bench.example"
WORKERS, THREADS = 2, 4


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it answers, and its first process."""

    url: str
    pid: int


@dataclass(frozen=True, slots=True)
class Site:
    """The site under measure, a plain project beside it, and the processes of the database and of Valkey."""

    agora: Server
    plain: Server
    postgres: int
    valkey: int
    env: dict[str, str]

    def told(self, module: str, *arguments: str) -> str:
        """Run a module with the site's settings and keys, and return what it prints."""
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**self.env, "AGORA_ROLE": ""},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout


@contextmanager
def running(*, products: int, posts: int, fresh: bool) -> Iterator[Site]:
    """Services, data and servers for as long as the block runs; data of the same size are kept from run to run."""
    with services("the benchmarks"), TemporaryDirectory(prefix="agora-bench-") as folder:
        env = _environment(Path(folder))
        _prepare(env, products, posts, fresh=fresh)
        _manage(env, "collectstatic", "--noinput", "-v0")
        with _serving("benchmarks.floor", env) as agora, _serving("benchmarks.plain", env) as plain:
            yield Site(agora, plain, _postgres(), _valkey(), env)


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": str(ROOT),
        "DEBUG": "0",
        "AGORA_ROLE": "web",
        "DOMAIN": HOST,
        "SITE_NAME": "Bench",
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DATA_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "DATABASE_URL": f"postgres://{paths.USER}@/{paths.run_dir()}/{DATABASE}",
        "REDIS_URL": paths.valkey_url(5),
        "BROKER_URL": paths.broker_url(),
        "REDIS_PREFIX": "bench",
        "STATIC_ROOT": str(folder / "static"),
        "MEDIA_ROOT": str(folder / "media"),
        "WEB_CONCURRENCY": str(WORKERS),
        "WEB_THREADS": str(THREADS),
    }


def _prepare(env: dict[str, str], products: int, posts: int, *, fresh: bool) -> None:
    """Make and fill the database unless one of this size, with today's tables, is there."""
    size = f"{products} products, {posts} posts"
    with psycopg.connect(
        host=str(paths.run_dir()), port=paths.POSTGRES_PORT, user=paths.USER, dbname="postgres", autocommit=True
    ) as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone()
        if fresh or found is None or found[0] != size:
            print(f"Loading {size}.", flush=True)
            connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {DATABASE}")
            _manage(env, "migrate", "-v0")
            _python(env, "-m", "benchmarks.load_data", str(products), str(posts))
            connection.execute(f"COMMENT ON DATABASE {DATABASE} IS '{size}'")
        else:
            _manage(env, "migrate", "-v0")


def _manage(env: dict[str, str], *arguments: str) -> None:
    _python(env, "manage.py", *arguments)


def _python(env: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env={**env, "AGORA_ROLE": ""}, check=True)


@contextmanager
def _serving(module: str, env: dict[str, str]) -> Iterator[Server]:
    """Gunicorn with production's settings; its log of requests goes to a file, as it would to a collector."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        log = Path(env["STATIC_ROOT"]).with_name(f"{module}.log")
        command = [
            *(sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", *_settings()),
            f"{module}:application",
        ]
        with log.open("wb") as output:
            server = subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=output, stderr=output, pass_fds=[listener.fileno()]
            )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            _wait(url, log, server)
            yield Server(url, server.pid)
        finally:
            server.terminate()
            server.wait(30)


def _settings() -> list[str]:
    """The project's own settings of gunicorn where there are some."""
    config = ROOT / "config" / "gunicorn.py"
    if config.exists():
        return ["--config", str(config)]
    return ["--worker-class", "gthread", "--workers", str(WORKERS), "--threads", str(THREADS), "--keep-alive", "30"]


def _wait(url: str, log: Path, server: "subprocess.Popen[bytes]") -> None:
    headers = {"Host": HOST, "X-Forwarded-Proto": "https"}
    for _ in range(200):
        try:
            urllib.request.urlopen(urllib.request.Request(f"{url}/floor/select/", headers=headers), timeout=5).close()
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"The server does not answer. {log.read_text()[-3000:]}")


def _postgres() -> int:
    """The first process of the database, as its data folder names it."""
    with psycopg.connect(
        host=str(paths.run_dir()), port=paths.POSTGRES_PORT, user=paths.USER, dbname="postgres"
    ) as connection:
        folder = connection.execute("SHOW data_directory").fetchone()
    return int(Path((folder or [""])[0], "postmaster.pid").read_text().split("\n", 1)[0])


def _valkey() -> int:
    """The process that made Valkey's socket."""
    socket_path = str(paths.valkey_socket(paths.run_dir()))
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            except OSError:
                continue
            if f"unixsocket:{socket_path}" in words:
                return int(entry.name)
    raise SystemExit("Valkey's process is not to be found.")
