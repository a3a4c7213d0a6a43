"""Our pages against the floors, interleaved in one run: `python -m benchmarks.pages`, or `make bench`.

Each round asks for every case in turn, so that all of them meet the same weather. A ratio is taken within a round, and
the median over the rounds counts. Ends with 1 when a bar is not reached.
"""

import argparse
import json
import os
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median

from benchmarks import site as sites
from benchmarks.load import Burst, burst, wrk
from benchmarks.site import HOST, Server, Site

QUIET = 0.15  # processors that others may use before rates stop meaning anything


@dataclass(frozen=True, slots=True)
class Bar:
    """At least `least` times the case `floor`."""

    least: float
    floor: str


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked in turn. `new`: under an address never asked before, so that no kept copy answers."""

    name: str
    paths: Sequence[str]
    new: bool = False
    with_etag: bool = False
    plain: bool = False
    bar: Bar | None = None


def cases(products: int, posts: int) -> list[Case]:
    """The floors first, then everything that is held against them."""
    shelves = [f"shelf-{top}-{below}" for top in range(10) for below in range(4)]
    pieces = [f"/shop/p/piece-{index * 17 % products}/" for index in range(500)]
    stories = [f"/journal/post-{index * 13 % posts}/" for index in range(500)]
    listed = [f"/floor/list/?category={shelf}" for shelf in shelves]
    return [
        Case("A bare 2 KB", ["/floor/bare/"]),
        Case("B one SELECT", ["/floor/select/"], new=True, bar=Bar(0.8, "B plain Django")),
        Case("B plain Django", ["/floor/select/"], new=True, plain=True),
        Case("C list of 24", listed, new=True),
        Case(
            "product list API",
            [f"/api/v1/products/?category={shelf}" for shelf in shelves],  # never kept
            bar=Bar(0.8, "C list of 24"),
        ),
        Case("product page", pieces, new=True, bar=Bar(0.4, "C list of 24")),
        Case("shelf", [f"/shop/{shelf}/" for shelf in shelves], new=True, bar=Bar(0.25, "C list of 24")),
        Case("whole shop", ["/shop/"], new=True, bar=Bar(0.25, "C list of 24")),
        Case("journal", ["/journal/"], new=True, bar=Bar(0.5, "C list of 24")),
        Case("post", stories, new=True, bar=Bar(0.5, "C list of 24")),
        Case("feed", ["/journal/feed.xml"], new=True),
        Case("home", ["/"], new=True),
        Case("post, kept", stories[:1], bar=Bar(0.4, "A bare 2 KB")),
        Case("product, kept", pieces[:1], bar=Bar(0.4, "A bare 2 KB")),
        Case("shelf, kept", ["/shop/shelf-0-0/"], bar=Bar(0.4, "A bare 2 KB")),
        Case("home, kept", ["/"], bar=Bar(0.4, "A bare 2 KB")),
        Case("post, 304", stories[:200], with_etag=True, bar=Bar(1.5, "C list of 24")),
        Case("journal, 304", ["/journal/"], with_etag=True, bar=Bar(1.5, "C list of 24")),
        Case("feed, 304", ["/journal/feed.xml"], with_etag=True, bar=Bar(1.5, "C list of 24")),
        Case("product, 304", pieces[:1], with_etag=True, bar=Bar(1.5, "C list of 24")),
    ]


def main() -> int:
    asked = _arguments()
    wrk()
    with sites.running(products=asked.products, posts=asked.posts, fresh=asked.fresh) as site:
        wanted = [
            case for case in cases(asked.products, asked.posts) if not asked.only or _matches(case.name, asked.only)
        ]
        rounds = [_round(site, wanted, asked.seconds, place) for place in range(asked.rounds + 1)]
    return report(wanted, rounds[1:], as_json=asked.json)


def _round(site: Site, wanted: Sequence[Case], seconds: int, place: int) -> dict[str, Burst]:
    """Every case once; round 0 warms up and does not count. ETags are fetched again: they change every five minutes."""
    told = "Warming up." if place == 0 else f"Round {place}."
    print(told, file=sys.stderr, flush=True)
    length = seconds if place else 1
    servers = {case.name: _server(case, site) for case in wanted}
    return {
        case.name: burst(site, servers[case.name], _lines(case, servers[case.name]), seconds=length, new=case.new)
        for case in wanted
    }


def report(wanted: Sequence[Case], rounds: Sequence[dict[str, Burst]], *, as_json: bool) -> int:
    """Print what was measured; 1 when a bar was missed.

    The bars are on rates. Where others used more than `QUIET` processors meanwhile, rates say more about them than
    about us, and CPU time per request (server, PostgreSQL and Valkey) is judged in their place.
    """
    others = median(found.others for measured in rounds for found in measured.values())
    by_cpu = others > QUIET
    rows = [_row(case, rounds, by_cpu=by_cpu) for case in wanted]
    missed = [row["case"] for row in rows if row["reached"] is False]
    if as_json:
        told = [{name: asdict(found) for name, found in measured.items()} for measured in rounds]
        print(json.dumps({"judged_by": "cpu" if by_cpu else "rate", "others": others, "rows": rows, "rounds": told}))
    else:
        _print(rows)
        print(f"\nOthers used {others:.2f} of {os.cpu_count()} processors: judged by {'CPU' if by_cpu else 'rate'}.")
        print(f"Below the bar: {', '.join(missed)}." if missed else "Every bar is reached.")
    return 1 if missed else 0


def _row(case: Case, rounds: Sequence[dict[str, Burst]], *, by_cpu: bool) -> dict[str, object]:
    mine = [measured[case.name] for measured in rounds]
    row: dict[str, object] = {
        "case": case.name,
        "rate": round(median(found.rate for found in mine), 1),
        "p50": median(found.p50 for found in mine),
        "p99": median(found.p99 for found in mine),
        "server_ms": round(median(found.server_ms for found in mine), 2),
        "database_ms": round(median(found.database_ms for found in mine), 2),
        "of": "",
        "bar": None,
        "rate_ratio": None,
        "cpu_ratio": None,
        "reached": None,
    }
    if case.bar and case.bar.floor in rounds[0]:
        floors = [measured[case.bar.floor] for measured in rounds]
        by_rate = median(found.rate / floor.rate for found, floor in zip(mine, floors, strict=True))
        by_time = median(floor.cpu_ms / found.cpu_ms for found, floor in zip(mine, floors, strict=True))
        row |= {"of": case.bar.floor[0], "bar": case.bar.least, "rate_ratio": round(by_rate, 2)}
        row |= {"cpu_ratio": round(by_time, 2), "reached": (by_time if by_cpu else by_rate) >= case.bar.least}
    return row


def _print(rows: Sequence[dict[str, object]]) -> None:
    print(f"{'case':18} {'req/s':>7} {'p50':>6} {'p99':>6} {'server':>7} {'db':>6}   {'bar':>8} {'rate':>6} {'CPU':>6}")
    for row in rows:
        line = "{case:18} {rate:7} {p50:6} {p99:6} {server_ms:7} {database_ms:6}".format(**row)
        if row["bar"]:
            mark = "" if row["reached"] else "  missed"
            line += "   {of} {bar:6} {rate_ratio:6} {cpu_ratio:6}".format(**row) + mark
        print(line)


def _lines(case: Case, server: Server) -> list[str]:
    """A line of wrk.lua's file for each path."""
    if not case.with_etag:
        return list(case.paths)
    return [f"{path}\t{_etag(server, path)}" for path in case.paths]


def _etag(server: Server, path: str) -> str:
    asked = urllib.request.Request(f"{server.url}{path}", headers={"Host": HOST, "X-Forwarded-Proto": "https"})
    with urllib.request.urlopen(asked) as answer:
        return str(answer.headers.get("ETag", '"none"'))


def _server(case: Case, site: Site) -> Server:
    return site.plain if case.plain else site.agora


def _matches(name: str, only: str) -> bool:
    return any(part in name for part in only.split("|")) or name[:2] in ("A ", "B ", "C ")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of one burst")
    parser.add_argument("--only", default="", help="cases whose name holds one of these words, parted by |")
    parser.add_argument("--fresh", action="store_true", help="reload the data")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
