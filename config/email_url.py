"""Where outgoing mail goes, from one variable: `smtp+tls://user:password@host:587`."""

from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

PORTS: Final = {"smtp": 587, "smtp+tls": 587, "smtp+ssl": 465}


class MailServer(NamedTuple):
    """The parts of EMAIL_URL, decoded; all empty where it is not set."""

    scheme: str = ""
    user: str = ""
    password: str = ""
    host: str = "localhost"
    port: int = 587


def parse(url: str) -> MailServer:
    """Read EMAIL_URL. User and password may be percent-encoded; `#`, `/`, `?` and `@` may also stand there as they are.

    Raises ImproperlyConfigured, which does not repeat the password.
    """
    if not url.strip():
        return MailServer()
    scheme, mark, rest = url.strip().partition("://")
    credentials, _at, address = rest.rpartition("@")
    user, _colon, password = credentials.partition(":")
    if not mark or scheme.lower() not in PORTS:
        raise ImproperlyConfigured(f"EMAIL_URL begins with {', '.join(f'{known}://' for known in PORTS)}.")
    host, port = _host_and_port(address)
    return MailServer(scheme.lower(), unquote(user), unquote(password), host, port or PORTS[scheme.lower()])


def _host_and_port(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname or "", parts.port or 0
    except ValueError:
        host, port, parts = "", 0, None
    if parts is None or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise ImproperlyConfigured("EMAIL_URL ends with the mail server and its port, such as @mail.example:587.")
    return host, port
