"""`make env DOMAIN=shop.example`: a complete .env with fresh keys, from .env.example.

Takes DOMAIN, and if they are given EMAIL_URL and SITE_NAME, from the environment. Never replaces a file, and prints no
secret. Needs Python alone, so that a machine that has but Docker can run it.
"""

import base64
import os
import re
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SETTING = re.compile(r"([A-Z][A-Z0-9_]*)=")
PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]*")
NAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")


class Refused(Exception):
    """Nothing was written; the text says why."""


def values(domain: str, given: Mapping[str, str]) -> dict[str, str]:
    """What this installation needs: its name, fresh keys, and the addresses of compose.yaml's services."""
    password = secrets.token_urlsafe(32)
    return {
        "DOMAIN": domain,
        # The names that Prometheus calls within the network of the containers, besides our own.
        "ALLOWED_HOSTS": f"{domain},web,realtime",
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DATA_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "POSTGRES_PASSWORD": password,
        "DATABASE_URL": f"postgres://agora:{password}@postgres:5432/agora",
        "REDIS_URL": "redis://valkey:6379/0",
        "EMAIL_URL": given.get("EMAIL_URL", ""),
        "DEFAULT_FROM_EMAIL": f"{given.get('SITE_NAME') or 'Agora'} <hello@{domain}>",
        "SITE_NAME": given.get("SITE_NAME") or "Agora",
        "METRICS_TOKEN": secrets.token_urlsafe(32),
    }


def fill(example: str, ours: Mapping[str, str]) -> str:
    """The example with our values in its lines; its other settings commented out; what it does not name at the end."""
    left = dict(ours)
    lines = []
    for line in example.splitlines():
        found = SETTING.match(line.removeprefix("# "))
        if found and found[1] in left:
            lines.append(f"{found[1]}={quoted(left.pop(found[1]))}")
        else:
            lines.append(f"# {line}" if SETTING.match(line) else line)
    return "\n".join([*lines, *(f"{name}={quoted(value)}" for name, value in left.items())]) + "\n"


def quoted(value: str) -> str:
    """A value as both Docker Compose and Django read it. Raises Refused for what they would read differently."""
    if PLAIN.fullmatch(value):
        return value
    if re.search(r"['\\\n\r]", value) or value.startswith("$"):
        raise Refused("A value may hold neither quotes nor backslashes. In an address write them as %27 and %5C.")
    return f"'{value}'"


def write(target: Path, example: Path, given: Mapping[str, str]) -> None:
    """Write the file for its owner alone. Raises Refused when it is there, or the domain is none."""
    domain = given.get("DOMAIN", "").lower()
    if not NAME.fullmatch(domain):
        raise Refused("Name the domain the site will answer at: make env DOMAIN=shop.example")
    text = fill(example.read_text(), values(domain, given))
    try:
        number = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise Refused(f"{target.name} is there already, and its keys may be in use. Nothing was changed.") from None
    with os.fdopen(number, "w") as file:
        file.write(text)


if __name__ == "__main__":
    try:
        write(HERE / ".env", HERE / ".env.example", os.environ)
    except Refused as refusal:
        sys.exit(str(refusal))
    print("Wrote .env with fresh keys, for your eyes only. Keep a copy where the backups are not.")
    if not os.environ.get("EMAIL_URL"):
        print("Next: put the mail server into EMAIL_URL there. Without one no mail leaves.")
