"""What a container is asked to know whether it is well."""

import importlib.util
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace

import pytest
from django.conf import settings

from config import celery


@pytest.fixture
def check(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("healthcheck", settings.BASE_DIR / "deploy" / "healthcheck.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setenv("DOMAIN", "shop.example")
    return module


class Site(BaseHTTPRequestHandler):
    asked: list[tuple[str, str]]
    status: int

    def do_GET(self):
        self.asked.append((self.path, self.headers["Host"]))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.mark.parametrize(("status", "well"), [(200, True), (503, False), (400, False)])
def test_a_server_is_well_when_it_is_ready_under_its_own_name(check, monkeypatch, status, well):
    handler = type("Handler", (Site,), {"asked": [], "status": status})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    monkeypatch.setenv("PORT", str(server.server_port))

    assert check.well("web") is well
    thread.join()
    server.server_close()
    assert handler.asked == [("/health/ready", "shop.example")]


def test_a_server_that_is_not_there_is_not_well(check, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("PORT", str(port))

    assert check.well("realtime") is False


@pytest.mark.parametrize(
    ("role", "name", "patience"),
    [("worker", "agora-worker", 60), ("beat", "agora-beat", 600), ("beat", "agora-beat.dat", 600)],
)
def test_who_serves_no_port_shows_a_sign_of_life(check, tmp_path, role, name, patience):
    sign = tmp_path / name

    assert check.well(role) is False
    sign.touch()
    assert check.well(role) is True
    long_ago = sign.stat().st_mtime - patience - 1
    os.utime(sign, (long_ago, long_ago))
    assert check.well(role) is False


@pytest.mark.parametrize("development", [True, False])
def test_only_a_worker_in_production_shows_a_sign_of_life(check, tmp_path, settings, monkeypatch, development):
    settings.DEBUG = development
    monkeypatch.setattr(celery.tempfile, "gettempdir", lambda: str(tmp_path))

    celery.show_life(sender=SimpleNamespace(timer=SimpleNamespace(call_repeatedly=lambda *_: None)))

    assert check.well("worker") is not development
