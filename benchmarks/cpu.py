"""CPU seconds of process trees and of the machine, from /proc."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def of_tree(root: int) -> float:
    """CPU seconds that a process, its descendants and its children that ended have used."""
    stats = {int(entry.name): _stat(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    wanted, found = {root}, 0.0
    grown = True
    while grown:
        more = {pid for pid, stat in stats.items() if stat and stat[1] in wanted} - wanted
        wanted |= more
        grown = bool(more)
    for pid in wanted:
        found += sum(int(part) for part in (stats.get(pid) or _NONE)[11:15])
    return found / TICKS


def of_machine() -> float:
    """CPU seconds that all processors together were busy since the machine started."""
    parts = [int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = parts[3] + parts[4]
    return (sum(parts) - idle) / TICKS


def own() -> float:
    """CPU seconds of this process and of those of its children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def memory_of_tree(root: int) -> dict[int, int]:
    """Memory in KiB that each child of a process takes: its own, and its share of what it has in common (PSS)."""
    children = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent(entry) == root]
    return {int(entry.name): _share(entry) for entry in children}


_NONE = ["0"] * 20


def _stat(entry: Path) -> list[str] | None:
    """The fields after the command's name; [1] is the parent, [11:15] user, system and ended children's ticks."""
    try:
        return [
            int(part) if place == 1 else part  # type: ignore[misc]
            for place, part in enumerate((entry / "stat").read_text().rpartition(")")[2].split())
        ]
    except (FileNotFoundError, ProcessLookupError):
        return None


def _parent(entry: Path) -> int:
    return int((_stat(entry) or _NONE)[1])


def _share(entry: Path) -> int:
    try:
        lines = (entry / "smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
