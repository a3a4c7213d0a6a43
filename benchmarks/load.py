"""One burst of requests, and what it cost."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from benchmarks import cpu
from benchmarks.site import HOST, Server, Site

SCRIPT = Path(__file__).with_name("wrk.lua")
CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Burst:
    """A burst: its rate per second, CPU milliseconds per request, and the share of the machine that others took."""

    requests: int
    rate: float
    p50: float
    p99: float
    server_ms: float
    database_ms: float
    others: float

    @property
    def cpu_ms(self) -> float:
        """Of the server, PostgreSQL and Valkey together."""
        return self.server_ms + self.database_ms


def burst(site: Site, server: Server, lines: Sequence[str], *, seconds: int, new: bool) -> Burst:
    """Ask for the addresses in turn over eight connections. Ends the program when a request fails."""
    with NamedTemporaryFile("w", suffix=".txt") as addresses:
        addresses.write("\n".join(lines) + "\n")
        addresses.flush()
        before = _clocks(site, server)
        with subprocess.Popen(
            [
                *(
                    wrk(),
                    "-t1",
                    f"-c{CONNECTIONS}",
                    f"-d{seconds}s",
                    "--timeout",
                    "20s",
                    "-s",
                    str(SCRIPT),
                    server.url,
                    "--",
                ),
                *(addresses.name, "new" if new else "same", HOST),
            ],
            stdout=subprocess.PIPE,
            text=True,
        ) as client:
            assert client.stdout is not None
            told = client.stdout.read()
        after = _clocks(site, server)
    found = json.loads(told.strip().rsplit("\n", 1)[-1])
    if found["refused"] or found["dropped"]:
        raise SystemExit(f"Requests failed: {lines[0]} {found}")
    server_s, postgres_s, valkey_s, own_s, machine_s = (late - early for late, early in zip(after, before, strict=True))
    spent = server_s + postgres_s + valkey_s + own_s
    answered = max(found["requests"], 1)  # a burst may end before the first answer
    return Burst(
        requests=found["requests"],
        rate=found["requests"] / found["seconds"],
        p50=found["p50"],
        p99=found["p99"],
        server_ms=1000 * server_s / answered,
        database_ms=1000 * (postgres_s + valkey_s) / answered,
        others=max(machine_s - spent, 0.0) / found["seconds"],
    )


def wrk() -> str:
    """The load generator; ends the program where it is missing."""
    found = shutil.which("wrk")
    if found is None:
        raise SystemExit("wrk is missing. On Debian and Ubuntu: apt install wrk")
    return found


def _clocks(site: Site, server: Server) -> tuple[float, ...]:
    """CPU seconds of the server, PostgreSQL, Valkey, ourselves with the load generator, and the machine."""
    own = cpu.own()
    return (cpu.of_tree(server.pid), cpu.of_tree(site.postgres), cpu.of_tree(site.valkey), own, cpu.of_machine())
