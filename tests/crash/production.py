"""The processes of compose.yaml, by its own commands, on loopback behind a real Caddy."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import yaml
from django.conf import settings
from django.db import connection

from tests.crash.conftest import wait_for

ROOT = settings.BASE_DIR
HOST = "127.0.0.1"
COMMANDS = {
    name: service.get("command")
    for name, service in yaml.safe_load((ROOT / "compose.yaml").read_text())["services"].items()
}
PROXY = ROOT / "deploy" / "Caddyfile"
PORTS = {"web": "8000", "realtime": "8001"}
ENDS = {"web": 0, "realtime": -signal.SIGTERM}  # uvicorn raises the signal again once it has ended in order


def caddy_version() -> tuple[int, ...]:
    said = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout
    return tuple(int(number) for number in re.findall(r"\d+", said)[:3])


def free_port() -> int:
    with socket.create_server((HOST, 0)) as taken:
        return taken.getsockname()[1]


def open_at(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/health/open", timeout=3) as answer:
            return answer.status == 200
    except OSError:  # refused, reset, or an answer that is no success
        return False


class Served:
    """One web or realtime process on a port that stays its own, with the test's database."""

    def __init__(self, role: str, folder: Path, **environment: str) -> None:
        self.role, self.port = role, free_port()
        self.log = folder / f"{role}-{self.port}.log"
        self.environment = environment
        self.start()

    def start(self) -> None:
        command = shlex.join(COMMANDS[self.role]).replace("0.0.0.0", HOST).replace(PORTS[self.role], str(self.port))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *shlex.split(command)[1:]],
                cwd=ROOT,
                env={**os.environ, **self.environment, **self._environment()},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_open(self) -> None:
        assert wait_for(lambda: open_at(self.port) or self.process.poll() is not None, seconds=60)
        assert self.process.poll() is None, self.log.read_text()[-2000:]

    def restart(self) -> None:
        """As `docker stop` and `docker start` do. Raises unless it ended by itself, in order."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == ENDS[self.role], self.log.read_text()[-2000:]
        self.start()
        self.wait_until_open()

    def stop(self) -> None:
        """With all its workers, whose sessions would keep the test's database."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _environment(self) -> dict[str, str]:
        told = connection.settings_dict
        return {
            "AGORA_ROLE": self.role,
            "ALLOWED_HOSTS": HOST,
            "DATABASE_URL": f"postgres://{told['USER']}@/{told['HOST']}/{told['NAME']}",
            "DB_POOL": "4",
        }


class Caddy:
    """The proxy of deploy/Caddyfile, without TLS; not `careful` without its section on processes that come and go."""

    def __init__(self, folder: Path, webs: list[Served], realtimes: list[Served], *, careful: bool = True) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        config, log = folder / "Caddyfile", folder / "caddy.log"
        words = PROXY.read_text()
        config.write_text(words if careful else words.replace("import careful", ""))
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "SITE_ADDRESS": self.url,
            "DOMAIN": HOST,
            "WEB_UPSTREAMS": " ".join(f"{HOST}:{web.port}" for web in webs),
            "REALTIME_UPSTREAMS": " ".join(f"{HOST}:{realtime.port}" for realtime in realtimes),
            "MEDIA_PARENT": str(folder),
        }
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                ["caddy", "run", "--adapter", "caddyfile", "--config", config], env=environment, stderr=output
            )
        assert wait_for(lambda: open_at(self.port), seconds=20), log.read_text()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)
