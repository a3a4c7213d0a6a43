"""Is the process of this container well? Exit status 0 or 1; the role tells what to look at. No package is needed."""

import os
import sys
import tempfile
import time
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

PORTS = {"web": 8000, "realtime": 8001}
# What the process touches while it lives, and after how many seconds without that it is not well.
SIGNS = {"worker": ("agora-worker", 60), "beat": ("agora-beat", 600)}


def answers(port: int, host: str) -> bool:
    """Whether the process on this port can serve."""
    connection = HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/health/ready", headers={"Host": host})
        return connection.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def moved(name: str, seconds: float) -> bool:
    """Whether a temporary file whose name begins so was written lately; beat's little database may be three files."""
    written = [path.stat().st_mtime for path in Path(tempfile.gettempdir()).glob(f"{name}*")]
    return time.time() - max(written, default=0.0) < seconds


def well(role: str) -> bool:
    """Whether the process of this role is well. Raises KeyError for a role without a check."""
    if role in PORTS:
        return answers(int(os.environ.get("PORT", PORTS[role])), os.environ["DOMAIN"])
    return moved(*SIGNS[role])


if __name__ == "__main__":
    sys.exit(0 if well(os.environ["AGORA_ROLE"]) else 1)
