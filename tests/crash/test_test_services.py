"""A test run has services of its own, and they end with it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded.paths import BASE_DIR
from tests.crash.conftest import Agora, wait_for

pytestmark = pytest.mark.crash

NEVER_ENDING = """
import os, pathlib, time
import pytest

@pytest.mark.parametrize("number", [1, 2])
def test_waits(number):
    here = pathlib.Path(__file__).parent
    name = os.environ["AGORA_STACK"] + os.environ["PYTEST_XDIST_WORKER"]
    (here / name).touch()
    time.sleep(600)
"""


def start_run(file: Path, home: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "-n", "2", "-q", "-p", "no:cacheprovider", str(file)],
        cwd=BASE_DIR,
        env=Agora(home).environment(),
        stdout=subprocess.DEVNULL,
        # What a shell has put into the background ignores this signal, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )


def test_two_runs_side_by_side_do_not_meet_and_killed_ones_leave_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    file = tmp_path / "test_never_ending.py"
    file.write_text(NEVER_ENDING)

    with start_run(file, home) as first, start_run(file, home) as second:
        expected = {"test0gw0", "test0gw1", "test1gw0", "test1gw1"}
        assert wait_for(lambda: expected <= {entry.name for entry in tmp_path.iterdir()}, seconds=240)
        assert len(Agora(home).processes("valkey-server")) == 2
        assert len(Agora(home).processes("/postgres -D")) == 2

        first.kill()
        second.send_signal(signal.SIGINT)

    assert wait_for(lambda: not Agora(home).processes(), seconds=20), Agora(home).processes()
