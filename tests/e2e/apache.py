"""Apache with mod_auth_openidc as a third-party client, in front of a service without accounts."""

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODULES = Path("/usr/lib/apache2/modules")
LOADED = ("mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "proxy", "proxy_http")
START_SECONDS = 20
FRAME = """
ServerRoot {folder}
ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/apache.log
DefaultRuntimeDir {folder}
Mutex sem default
StartServers 1
{user}
{modules}
{site}
"""


class Behind(BaseHTTPRequestHandler):
    """A service that returns the headers Apache sets for the user."""

    def do_GET(self) -> None:
        claims = [f"<li>{name}: {value}</li>" for name, value in self.headers.items() if name.startswith("OIDC_CLAIM_")]
        page = (
            f"<!doctype html><link rel='icon' href='data:,'><title>Wiki</title><h1>Wiki</h1><ul>{''.join(claims)}</ul>"
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_: object) -> None:
        pass


def missing() -> str:
    """Return why Apache cannot run here, or ""."""
    if _program() is None or not (MODULES / "mod_auth_openidc.so").exists():
        return "needs apt install apache2-bin libapache2-mod-auth-openidc"
    return ""


@contextmanager
def service() -> Iterator[str]:
    """Run the backend service and yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Behind)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def running(folder: Path, port: int, site: str, variables: dict[str, str]) -> Iterator[None]:
    """Run Apache on loopback with the configuration `site`, whose `${NAME}` are filled from `variables`."""
    modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED)
    user = "User www-data\nGroup www-data" if os.getuid() == 0 else ""
    config = folder / "apache.conf"
    config.write_text(FRAME.format(folder=folder, port=port, user=user, modules=modules, site=site))
    log = folder / "apache.log"
    with subprocess.Popen(
        [str(_program()), "-d", str(folder), "-f", str(config), "-DFOREGROUND"],
        env={"PATH": os.environ["PATH"], **variables},
        stdin=subprocess.DEVNULL,
    ) as server:
        try:
            _wait(port, server, log)
            yield
        finally:
            server.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program() -> str | None:
    return shutil.which("apache2", path=f"{os.environ['PATH']}:/usr/sbin")


def _wait(port: int, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"Apache did not start: {log.read_text() if log.exists() else ''}")
