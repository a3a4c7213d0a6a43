"""What a backup holds: rows and a digest of each table, size and digest of each file."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection
from psycopg import sql

from config.backups import DATABASE, MANIFEST, MEDIA, BackupFailed

BLOCK = 1 << 20
PARTS = ("tables", "media", "files")
TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
# Sixty bits of each row's digest, added up: nothing is sorted, and nothing is held in memory.
CONTENT = """
    SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint), 0)::text FROM {} t
"""


@dataclass(frozen=True, slots=True)
class Content:
    """How much there is, in rows or bytes, and the digest of all of it."""

    amount: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`tables` and `media` by name; `files` are the backup's own two."""

    made_at: str
    server: str
    tables: dict[str, Content]
    media: dict[str, Content]
    files: dict[str, Content]

    def write(self, folder: Path) -> None:
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Read a backup's manifest. Raises BackupFailed where there is none, or the files are not what it says."""
        try:
            read = json.loads((folder / MANIFEST).read_text())
        except (OSError, ValueError) as error:
            raise BackupFailed(f"{folder} holds no backup: {error}") from error
        parts = {name: {key: Content(**value) for key, value in read[name].items()} for name in PARTS}
        manifest = cls(made_at=read["made_at"], server=read["server"], **parts)
        if damaged := differences(manifest.files, {name: file_content(folder / name) for name in (DATABASE, MEDIA)}):
            raise BackupFailed(f"The backup {folder.name} is damaged: {'; '.join(damaged)}")
        return manifest


def table_contents() -> dict[str, Content]:
    """Rows and digest of every table, read row by row on the server; the order of rows does not matter."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        names = [name for (name,) in cursor.fetchall()]
        contents = {}
        for name in names:
            cursor.execute(sql.SQL(CONTENT).format(sql.Identifier(name)))
            contents[name] = Content(*cursor.fetchone())
    return contents


def media_contents(folder: Path) -> dict[str, Content]:
    """Size and digest of every file below a folder, by its path in there."""
    return {str(path.relative_to(folder)): file_content(path) for path in files_below(folder)}


def files_below(folder: Path) -> Iterator[Path]:
    yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def file_content(path: Path) -> Content:
    """Size and digest of a file; nothing at all where there is none."""
    digest, amount = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                digest.update(block)
                amount += len(block)
    except FileNotFoundError:
        return Content(0, "")
    return Content(amount, digest.hexdigest())


def differences(expected: dict[str, Content], found: dict[str, Content]) -> list[str]:
    """What differs, a sentence each; empty when all is the same."""
    return [
        f"{name}: {_describe(expected.get(name))} expected, {_describe(found.get(name))} found"
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]


def _describe(content: Content | None) -> str:
    return f"{content.amount} ({content.digest[:12]})" if content else "nothing"
