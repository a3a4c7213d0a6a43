"""A server on this machine that keeps what it is sent, and programs of the test's own that send to it."""

import gzip
import os
import subprocess
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli

UNPACK = {"gzip": gzip.decompress, "deflate": zlib.decompress, "br": brotli.decompress}
ROOT = Path(__file__).resolve().parents[2]

# A site of one page whose view is the test's, in a process of its own: what is under test changes global state. As with
# the web process, a parent reads everything, and its child serves.
PROGRAM = """
import os, sys, types
os.environ.update(AGORA_ROLE="web", DJANGO_SETTINGS_MODULE="config.settings")
import django
django.setup()
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path
settings.ALLOWED_HOSTS = ["*"]
settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"  # its database has no tables
{view}
urls = types.ModuleType("urls")
urls.urlpatterns = [path("cups/<str:name>/", view)]
urls.handler500 = lambda request: HttpResponse("failed", status=500)
urls.handler404 = lambda request, exception: HttpResponse("nothing", status=404)
sys.modules["urls"] = urls
settings.ROOT_URLCONF = "urls"
client = Client(raise_request_exception=False)
if child := os.fork():
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
{act}
"""


class Listener:
    """`heard` holds path, headers and unpacked body of each POST."""

    def __init__(self) -> None:
        heard: list[tuple[str, dict[str, str], bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                unpack = UNPACK.get(self.headers["Content-Encoding"], bytes)
                heard.append((self.path, dict(self.headers), unpack(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.heard = heard
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def run_site(view: str, act: str, **environment: str) -> str:
    """Run the program to its end and return what it printed; its exit sends what is still to be sent."""
    program = PROGRAM.format(view=view, act=act)
    kept = {
        name: value for name, value in os.environ.items() if name not in {"SENTRY_DSN", "OTEL_EXPORTER_OTLP_ENDPOINT"}
    }
    environment = {**kept, "NO_PROXY": "*", **environment}
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
