"""One POST to one checked address: no redirect, no proxy, no more than so long and so much."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from core.errors import DomainError
from core.webhooks import guard
from core.webhooks.guard import Target

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
ANSWER_BYTES = 1024
# A name may have many addresses; a receiver that takes no connection at two of them is down.
ADDRESSES_TRIED = 2


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status and the beginning of its words, or why nothing came."""

    ms: int
    status: int | None = None
    text: str = ""
    error: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004  RFC 9110: successful


def post(url: str, body: bytes, headers: Mapping[str, str], *, own_networks: Sequence[str]) -> Answer:
    """Send a body and read the beginning of the answer. Network failures are not raised but stand in the answer.

    `own_networks` are private networks that this call may reach; everything else must be public.
    """
    started = time.monotonic()
    status, text, error = None, "", ""
    try:
        target = guard.parse(url, own_networks=own_networks)
        with _connected(guard.resolve(target, own_networks=own_networks), target.port) as (line, is_over):
            status, text = _exchange(target, line, is_over, body, headers)
    except DomainError as refusal:
        error = refusal.detail
    except (OSError, HTTPException, ValueError) as failure:
        error = _in_words(failure, late=time.monotonic() - started >= TOTAL_SECONDS)
    return Answer(int((time.monotonic() - started) * 1000), status, text, error[:300])


def tls_context() -> ssl.SSLContext:
    """Whom we believe: the system's certificate authorities."""
    return ssl.create_default_context()


@contextlib.contextmanager
def _connected(addresses: list[str], port: int) -> Iterator[tuple[socket.socket, threading.Event]]:
    """A line to the first of the checked addresses that takes one, hung up when time is over, and whether it is."""
    line = _dial(addresses, port)
    # A socket's own timeout restarts with each byte, so a drip could last for ever. The twin outlives the TLS
    # handshake, which takes the first socket's number away.
    twin = line.dup()
    is_over = threading.Event()
    timer = threading.Timer(TOTAL_SECONDS, _hang_up, [twin, is_over])
    timer.daemon = True
    timer.start()
    try:
        yield line, is_over
    finally:
        timer.cancel()
        timer.join()
        twin.close()
        line.close()


def _dial(addresses: list[str], port: int) -> socket.socket:
    *first, last = addresses[:ADDRESSES_TRIED]
    for address in first:
        with contextlib.suppress(OSError):
            return socket.create_connection((address, port), CONNECT_SECONDS)
    return socket.create_connection((last, port), CONNECT_SECONDS)


def _hang_up(line: socket.socket, is_over: threading.Event) -> None:
    is_over.set()
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _exchange(
    target: Target, line: socket.socket, is_over: threading.Event, body: bytes, headers: Mapping[str, str]
) -> tuple[int, str]:
    """Speak HTTP on a line that stands; the receiver's name serves TLS and the Host header only.

    Raises TimeoutError when the line was hung up before the status and its headers were whole.
    """
    line.settimeout(TOTAL_SECONDS)
    with contextlib.closing(HTTPConnection(target.host, target.port)) as connection:
        connection.sock = tls_context().wrap_socket(line, server_hostname=target.host) if target.secure else line
        connection.request("POST", target.path, body, {"host": target.host_header, "connection": "close", **headers})
        with connection.getresponse() as response:
            if is_over.is_set():
                raise TimeoutError
            words = b""
            with contextlib.suppress(OSError, HTTPException):  # the status is there; its words may break off
                words = response.read(ANSWER_BYTES)
            return response.status, words.decode("utf-8", "replace").replace("\x00", "")


def _in_words(failure: Exception, *, late: bool) -> str:
    """Why nothing came, without naming an internal address."""
    if isinstance(failure, TimeoutError) or late:
        return "The receiver took too long."
    if isinstance(failure, ssl.SSLCertVerificationError):
        return f"The certificate is not accepted: {failure.verify_message}"
    if isinstance(failure, ConnectionRefusedError):
        return "The receiver refused the connection."
    return f"The connection broke: {type(failure).__name__}"
