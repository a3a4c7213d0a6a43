"""Tables for spreadsheets: CSV as RFC 4180 has it, safe to open."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

NUMBER: Final = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
# Full-width forms count too: some spreadsheets take them for the plain ones.
BEGINS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """A line that names the columns, then one for each row, made as they are asked for."""
    writer = csv.writer(_Through())
    yield writer.writerow(columns)
    for row in rows:
        yield writer.writerow([cell(value) for value in row])


def cell(value: Any) -> str:
    """A value as text. What a spreadsheet would take for a formula is led by an apostrophe; numbers are left alone."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = _text(value)
    return f"'{text}" if text.startswith(BEGINS_FORMULA) and not NUMBER.fullmatch(text) else text


def _text(value: Any) -> str:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return str(value)


class _Through:
    """A file that gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line
