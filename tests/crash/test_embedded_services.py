"""PostgreSQL and Valkey start in any checkout, for any user and after any earlier run."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.embedded import paths
from config.embedded.paths import BASE_DIR
from tests.crash.conftest import Agora, wait_for

SHOW = """
from config.embedded import paths, services
import psycopg, redis
with services("a test"):
    with services("another, which shares them"):
        redis.from_url(paths.valkey_url(1)).set("greeting", "hello")
    with psycopg.connect(host=paths.postgres_settings()["HOST"], user="agora", dbname="agora") as connection:
        print(connection.execute("SELECT current_setting('fsync'), upper('ü')").fetchone(),
              redis.from_url(paths.valkey_url(1)).get("greeting"))
"""
WITHOUT_NAMESPACES = """
import config.embedded.root as root
def refused(): raise OSError("not permitted")
root._enter_namespace = refused
"""


def run(home: Path, code: str = SHOW) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=BASE_DIR,
        env=Agora(home).environment(),
        capture_output=True,
        text=True,
    )


def assert_served(run: subprocess.CompletedProcess[str], home: Path) -> None:
    assert run.stdout == "('on', 'Ü') b'hello'\n", run.stderr
    assert Agora(home).processes() == []


def test_a_path_too_long_for_a_socket_with_odd_letters_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / ("ü %41?# " + "x" * 110)
    monkeypatch.setenv("AGORA_HOME", str(home))
    monkeypatch.delenv("AGORA_STACK")
    sockets = paths.run_dir()
    assert sockets.parent == Path(tempfile.gettempdir())

    assert_served(run(home), home)

    assert not sockets.exists()
    assert (home / "pg18" / "PG_VERSION").exists()


def test_odd_letters_in_a_short_path_work() -> None:
    with tempfile.TemporaryDirectory(prefix="ü %41?# ") as name:
        home = Path(name) / "home"

        assert_served(run(home), home)

        assert (home / "run").is_dir()


def test_a_pid_file_that_names_a_stranger_does_not_block_the_start(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert_served(run(home), home)
    with stranger() as pid:
        (home / "pg18" / "postmaster.pid").write_text(f"{pid}\n{home / 'pg18'}\n1\n5432\n\n\n\nready\n")

        assert_served(run(home), home)


def test_a_killed_first_start_leaves_no_half_cluster(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = subprocess.Popen([sys.executable, "-c", SHOW], cwd=BASE_DIR, env=Agora(home).environment())
    assert wait_for(lambda: any(home.glob("pg18-new-*/PG_VERSION")), seconds=20)

    first.kill()

    first.wait()
    assert not (home / "pg18").exists()
    assert_served(run(home), home)
    assert wait_for(lambda: not list(home.glob("pg18-new-*")), seconds=5)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_without_namespaces_becomes_nobody_and_keeps_its_folder_closed() -> None:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        home = Path(name) / "home"

        for _ in range(2):
            assert_served(run(home, WITHOUT_NAMESPACES + SHOW), home)

        assert (home / "pg18").stat().st_uid != 0
        assert oct(home.stat().st_mode)[-3:] == "711"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_is_told_a_way_out_where_nobody_may_not_pass() -> None:
    with tempfile.TemporaryDirectory() as name:  # closed to others
        home = Path(name) / "home"

        refused = run(home, WITHOUT_NAMESPACES + SHOW)

        assert refused.returncode == 1
        assert "or set AGORA_HOME to a folder that everyone may pass through." in refused.stderr
        assert oct(Path(name).stat().st_mode)[-3:] == "700"


@contextmanager
def stranger() -> Iterator[int]:
    """A living process that is not PostgreSQL."""
    process = subprocess.Popen(["sleep", "60"])
    yield process.pid
    process.kill()
    process.wait()
