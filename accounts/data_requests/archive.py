"""Data export as a ZIP archive: the parts of all handlers, and a README."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from shutil import copyfileobj
from textwrap import fill
from typing import IO, Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.privacy import registry as privacy
from accounts.privacy.registry import FileCopy, Part, Person, Records
from core.money import Money

README_WIDTH = 100
COPY_BUFFER_SIZE = 256 * 1024


def write_archive(target: IO[bytes], person: Person, now: datetime) -> None:
    """Write everything that is exported about a person. Memory holds one row or one block at a time.

    Queries grow with the number of chunks, not of rows. Raises the errors of handlers and of the storage.
    """
    descriptions: list[str] = []
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for handler in privacy.get_handlers().values():
            for part in handler.export(person):
                with archive.open(part.path, "w", force_zip64=True) as entry:
                    _write_part(entry, part)
                descriptions.append(f"{part.path}\n    {part.words}")
        archive.writestr("README.txt", _render_readme(person, descriptions, now))


def to_json_value(value: Any) -> Any:
    """Return a value as JSON: times in UTC (ISO 8601), money as minor units and currency."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Money():
            return {"minor": value.minor, "currency": value.currency}
        case UUID() | Decimal() | Promise():
            return str(value)
    raise TypeError(f"{type(value).__name__} has no form in an export")


def _write_part(entry: IO[bytes], part: Part) -> None:
    match part:
        case Records():
            for piece in _iterate_json(part.rows):
                entry.write(piece.encode())
        case FileCopy():
            with part.file.open("rb") as source:
                copyfileobj(source, entry, COPY_BUFFER_SIZE)


def _iterate_json(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    before = "[\n"
    for row in rows:
        yield before + json.dumps(row, indent=2, ensure_ascii=False, default=to_json_value)
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def _render_readme(person: Person, descriptions: list[str], now: datetime) -> str:
    withheld = [
        f"- {category.words}: {category.not_exported}"
        for handler in privacy.get_handlers().values()
        for category in handler.categories
        if category.not_exported
    ]
    parts = [
        _("Data that %(site)s stores about %(who)s, as of %(at)s.")
        % {"site": settings.SITE_NAME, "who": person.user.email, "at": to_json_value(now)},
        _("JSON files hold a list of objects in UTF-8. Times are in UTC after ISO 8601, amounts of money are in minor "
          "units (cents) with their currency after ISO 4217, other people are named by the ids of their accounts."),
        _("Files"),
        *descriptions,
        _("Not included"),
        *withheld,
    ]  # fmt: skip
    return "\n\n".join(part if "\n" in part else fill(part, README_WIDTH) for part in parts) + "\n"
