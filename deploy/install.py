"""Create a virtual environment that holds exactly the locked packages.

    python deploy/install.py VENV UV_LOCK LOCK...

pip installs uv from UV_LOCK, then `uv pip sync` installs every file named. pip resolves again even where everything is
pinned, and with `--require-hashes` it refuses a whole lock file as soon as one package asks for another with an extra
(`coverage[toml]`) and a newer release of that other exists. uv takes a lock file as it is.

Indexes, wheel folders, proxies and certificates are read from pip's own settings. Needs Python alone.
"""

from __future__ import annotations  # an older Python must get as far as the message that it is too old

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

MINIMUM_PYTHON = (3, 11)
PROGRESS = ("Resolved", "Downloading", "Building", "Prepared", "Installed")
SWITCHED_ON = ("1", "true", "yes", "on")

# pip's option, uv's variable, and what separates several values there
VALUES = [
    ("index-url", "UV_DEFAULT_INDEX", " "),
    ("extra-index-url", "UV_INDEX", " "),
    ("find-links", "UV_FIND_LINKS", ","),
    ("trusted-host", "UV_INSECURE_HOST", " "),
    ("cert", "SSL_CERT_FILE", " "),
    ("client-cert", "SSL_CLIENT_CERT", " "),
    ("proxy", "ALL_PROXY", " "),
    ("timeout", "UV_HTTP_TIMEOUT", " "),
]
SWITCHES = [("no-index", "UV_NO_INDEX"), ("no-cache-dir", "UV_NO_CACHE")]


class InstallError(Exception):
    """The text says what is missing and what to do."""


def check_python() -> None:
    """Raise InstallError unless this Python can create virtual environments for Agora."""
    if sys.version_info < MINIMUM_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        raise InstallError(
            f"Agora needs Python 3.11 or newer; {sys.executable} is {found}. Name another: make run PYTHON=python3.12"
        )
    try:
        import ensurepip  # noqa: F401, PLC0415
        import venv  # noqa: F401, PLC0415
    except ImportError as error:
        raise InstallError(
            "This Python cannot create virtual environments. On Debian and Ubuntu: apt install python3-venv"
        ) from error


def parse_pip_settings(listing: str) -> dict[str, str]:
    """Return pip's settings by option from the output of `pip config list`.

    The environment (`:env:`) wins over the section of the install command, and that over the global section.
    """
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.partition(".")
        if section in found and value:
            found[section][option] = str(ast.literal_eval(value))
    return {**found["global"], **found["install"], **found[":env:"]}


def uv_environment(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which uv uses the indexes and certificates that pip would use.

    A variable of uv's own that is set already stays. As with pip, every index is asked for every package, and a
    folder that does not exist is passed over.
    """
    ours = {"UV_INDEX_STRATEGY": "unsafe-best-match"}
    for option, variable, separator in VALUES:
        if places := [place for place in settings.get(option, "").split() if _is_there(option, place)]:
            ours[variable] = separator.join(places)
    for option, variable in SWITCHES:
        if settings.get(option, "").lower() in SWITCHED_ON:
            ours[variable] = "1"
    if settings.get("keyring-provider", "disabled") in {"subprocess", "auto", "import"}:
        ours["UV_KEYRING_PROVIDER"] = "subprocess"
    return {**ours, **environment}


def _is_there(option: str, place: str) -> bool:
    if option not in {"find-links", "extra-index-url"}:
        return True
    url = urlsplit(place)
    if url.scheme in {"http", "https"}:
        return True
    return Path(url2pathname(url.path) if url.scheme == "file" else place).expanduser().exists()


def install(venv: Path, uv_lock: Path, locks: Iterable[Path]) -> None:
    """Recreate `venv` and install the packages of all lock files. Raises InstallError."""
    files = [uv_lock, *locks]
    say(f"Creating {venv}.")
    run([sys.executable, "-m", "venv", "--clear", str(venv)], dict(os.environ))
    log = venv / "install.log"
    python = venv / "bin" / "python"
    # A setting for everyday use (`pip install --user`) must not reach into the environment.
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    environment = {**os.environ, "PIP_USER": "0"}
    run([*pip, "install", "--quiet", "--require-hashes", "-r", str(uv_lock)], environment, log)
    listing = subprocess.run([*pip, "config", "list"], capture_output=True, text=True, check=True).stdout
    sync = [str(venv / "bin" / "uv"), "pip", "sync", "--python", str(python), "--require-hashes", *map(str, files)]
    run(sync, uv_environment(parse_pip_settings(listing), os.environ), log)


def run(command: list[str], environment: Mapping[str, str], log: Path | None = None) -> None:
    """Run one step, print its progress, and raise InstallError with its last lines if it fails."""
    lines: list[str] = []
    with subprocess.Popen(
        command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if lines[-1].lstrip().startswith(PROGRESS):
                say(f"  {lines[-1].strip()}")
    if log is not None:
        with log.open("a") as file:
            file.write("\n".join(lines) + "\n")
    if process.returncode:
        where = f" The whole output is in {log}." if log else ""
        raise InstallError("\n".join([*lines[-25:], f"The packages could not be installed.{where}"]))


def say(text: str) -> None:
    print(text, flush=True)


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        say(__doc__ or "")
        return 2
    venv, *files = map(Path, arguments)
    try:
        check_python()
        install(venv, files[0], files[1:])
    except InstallError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
