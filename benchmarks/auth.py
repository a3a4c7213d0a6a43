"""What it costs to know who calls: `python -m benchmarks.auth`, or `make bench-auth`.

The same endpoint, which says nothing, is asked by strangers, with API keys, with access tokens and with sessions, in
turn, round after round. A ratio is taken within a round against the strangers; the median over the rounds counts.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Final

from benchmarks import site as sites
from benchmarks.load import Burst, burst, wrk
from benchmarks.site import Site

PATH: Final = "/floor/api/"
CALLERS: Final = 300  # so that nobody comes near the limit of one
STRANGER: Final = "stranger"
Round = Mapping[str, Burst]


def main() -> int:
    asked = _arguments()
    wrk()
    with sites.running(products=asked.products, posts=asked.posts, fresh=False) as site:
        borne = {STRANGER: [""], **json.loads(site.told("benchmarks.callers", str(CALLERS)))}
        rounds = [_round(site, borne, asked.seconds, place) for place in range(asked.rounds + 1)]
    report(rounds[1:], as_json=asked.json)
    return 0


def _round(site: Site, borne: Mapping[str, Sequence[str]], seconds: int, place: int) -> Round:
    """Every way once; round 0 warms up and does not count."""
    print("Warming up." if place == 0 else f"Round {place}.", file=sys.stderr, flush=True)
    return {
        way: burst(site, site.agora, [f"{PATH}\t\t{header}" for header in headers], seconds=seconds, new=True)
        for way, headers in borne.items()
    }


def report(rounds: Sequence[Round], *, as_json: bool) -> None:
    """Print each way with its ratios to the strangers; a ratio of CPU above 1 is what knowing costs."""
    rows = [_row(way, rounds) for way in rounds[0]]
    others = median(found.others for measured in rounds for found in measured.values())
    if as_json:
        told = [{way: asdict(found) for way, found in measured.items()} for measured in rounds]
        print(json.dumps({"others": others, "rows": rows, "rounds": told}))
        return
    print("caller       req/s    p50    p99  server     db     rate    CPU    more")
    for row in rows:
        print(
            "{caller:10} {rate:7} {p50:6} {p99:6} {server_ms:7} {database_ms:6}"
            "   {rate_ratio:6} {cpu_ratio:6} {more_ms:7}".format(**row)
        )
    print(f"\nOthers used {others:.2f} of {os.cpu_count()} processors.")


def _row(way: str, rounds: Sequence[Round]) -> dict[str, object]:
    mine = [measured[way] for measured in rounds]
    pairs = [(measured[way], measured[STRANGER]) for measured in rounds]
    return {
        "caller": way,
        "rate": round(median(found.rate for found in mine), 1),
        "p50": median(found.p50 for found in mine),
        "p99": median(found.p99 for found in mine),
        "server_ms": round(median(found.server_ms for found in mine), 2),
        "database_ms": round(median(found.database_ms for found in mine), 2),
        "rate_ratio": round(median(found.rate / floor.rate for found, floor in pairs), 2),
        "cpu_ratio": round(median(found.cpu_ms / floor.cpu_ms for found, floor in pairs), 2),
        "more_ms": round(median(found.cpu_ms - floor.cpu_ms for found, floor in pairs), 2),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of one burst")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
