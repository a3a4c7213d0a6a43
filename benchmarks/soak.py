"""Does a worker keep its size? `python -m benchmarks.soak`, or `make soak`.

Ten thousand mixed requests, then fifty thousand more; the largest worker may take at most 130 MiB after the first and
grow by less than 5 % over the second. What it shares with others counts by its share. Ends with 1 otherwise.
"""

import argparse
import json
import sys

from benchmarks import cpu
from benchmarks import site as sites
from benchmarks.load import burst, wrk
from benchmarks.pages import cases

MOST_MIB, MOST_GROWTH = 130.0, 0.05
BURST_SECONDS = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--posts", type=int, default=5_000)
    parser.add_argument("--first", type=int, default=10_000)
    parser.add_argument("--then", type=int, default=50_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    wrk()
    lines = mixed(asked.products, asked.posts)
    with sites.running(products=asked.products, posts=asked.posts, fresh=False) as site:
        begun = _ask(site, lines, asked.first)
        ended = _ask(site, lines, asked.then)
    growth = ended / begun - 1
    held = begun <= MOST_MIB and growth < MOST_GROWTH
    if asked.json:
        print(json.dumps({"first_mib": begun, "then_mib": ended, "growth": growth, "held": held}))
    else:
        print(f"{begun:.1f} MiB after {asked.first} requests, {ended:.1f} after {asked.then} more ({growth:+.1%}).")
        print("It holds." if held else f"At most {MOST_MIB:.0f} MiB and less than {MOST_GROWTH:.0%} were allowed.")
    return 0 if held else 1


def mixed(products: int, posts: int) -> list[str]:
    """What visitors ask for, one kind after the other: no floors, and under addresses never asked before."""
    asked = [
        list(case.paths) for case in cases(products, posts) if case.new and not case.paths[0].startswith("/floor/")
    ]
    longest = max(len(paths) for paths in asked)
    return [paths[place % len(paths)] for place in range(longest) for paths in asked]


def _ask(site: sites.Site, lines: list[str], number: int) -> float:
    """Ask for so many; the size of the largest worker then, in MiB."""
    done = 0
    while done < number:
        done += burst(site, site.agora, lines, seconds=BURST_SECONDS, new=True).requests
        largest = max(cpu.memory_of_tree(site.agora.pid).values()) / 1024
        print(f"  {done} of {number}: {largest:.1f} MiB", file=sys.stderr, flush=True)
    return largest


if __name__ == "__main__":
    sys.exit(main())
