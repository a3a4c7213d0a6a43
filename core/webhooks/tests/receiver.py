"""A receiver of webhooks on this machine: it answers as it is told to, and remembers what came."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Say = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float


@dataclass
class Receiver:
    """`say` is how it answers; it may be changed between requests."""

    say: Say
    scheme: str = "http"
    received: list[Received] = field(default_factory=list)
    server: Any = None

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    def url(self, host: str = "127.0.0.1", path: str = "/hooks") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"


def status(code: int, words: bytes = b"thanks", **headers: str) -> Say:
    """Answer with a status."""

    def say(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("content-length", str(len(words)))
        request.end_headers()
        request.wfile.write(words)

    return say


thank = status(200)


def late(seconds: float) -> Say:
    """Thank after a while."""

    def say(request: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        thank(request)

    return say


def drip(seconds: float) -> Say:
    """Send a byte of a header now and then, for so long."""

    def say(request: BaseHTTPRequestHandler) -> None:
        ends = time.monotonic() + seconds
        request.wfile.write(b"HTTP/1.1 200 OK\r\nx-drip: ")
        while time.monotonic() < ends:
            request.wfile.write(b".")
            request.wfile.flush()
            time.sleep(0.02)

    return say


def break_off(request: BaseHTTPRequestHandler) -> None:
    """Say nothing and hang up."""


@contextmanager
def receiving(say: Say = thank, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that listens while the block runs."""
    receiver = Receiver(say, "https" if tls else "http")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.close_connection = True
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body, time.monotonic()))
            with suppress(OSError):  # who sent it may have hung up
                receiver.say(self)

        do_GET = do_POST  # noqa: N815  the base class's way to name them

        def log_message(self, *args: Any) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = False

        def handle_error(self, *args: Any) -> None:
            """A handshake that fails is the sender's affair."""

    receiver.server = Server(("127.0.0.1", 0), Handler)
    if tls:
        receiver.server.socket = tls.wrap_socket(receiver.server.socket, server_side=True)
    thread = threading.Thread(target=receiver.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()
