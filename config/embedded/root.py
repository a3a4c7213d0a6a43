"""PostgreSQL refuses to run as root. Run it as nobody then, without making a user or opening anyone's folders."""

import ctypes
import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from config.embedded.process import ServiceError

_CLONE_NEWUSER = 0x10000000
_NOBODY = 65534
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Identity:
    """Who PostgreSQL runs as: the step that its process takes before it starts, and the owner of its files."""

    enter: Callable[[], None] | None
    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Make this user the owner of a folder."""
        if self.uid != os.geteuid():
            os.chown(path, self.uid, self.gid)


@cache
def identity() -> Identity:
    """Ourselves; or if we are root, root seen as nobody from a namespace; or where those are refused, nobody."""
    uid, gid = os.geteuid(), os.getegid()
    if uid != 0:
        return Identity(None, uid, gid)
    if sys.platform == "linux" and _works(_enter_namespace):
        return Identity(_enter_namespace, uid, gid)
    nobody = pwd.getpwnam("nobody")
    return Identity(_become_nobody, nobody.pw_uid, nobody.pw_gid)


def require_access(path: Path, who: Identity) -> None:
    """Refuse early, with a way out, if nobody cannot reach a folder. Raises ServiceError."""
    if who.enter is _become_nobody and not _works(who.enter, "test", "-x", str(path)):
        raise ServiceError(
            f"PostgreSQL does not run as root, and the user nobody cannot enter {path}. "
            "Run as an ordinary user, or set AGORA_HOME to a folder that everyone may pass through."
        )


def _works(enter: Callable[[], None], *command: str) -> bool:
    try:
        return subprocess.run(command or ("true",), preexec_fn=enter, check=False).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _enter_namespace() -> None:
    """See ourselves as nobody; outside of the namespace the process and its files stay ours."""
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_NOBODY} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{_NOBODY} {gid} 1")


def _become_nobody() -> None:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
