"""Make a backup while the site runs."""

import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.db import connection, transaction

from config.backups import DATABASE, MEDIA, tools
from config.backups.manifest import Content, Manifest, file_content, files_below, table_contents


def make_backup(*, root: Path, media: Path, now: datetime) -> Path:
    """Write a backup below `root` and return its folder, which appears whole or not at all.

    Dump and table digests see one moment of the database. The media follow: rows name files that were there before
    them, so every file that the dump names is in the archive. Raises BackupFailed.
    """
    name = f"{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"
    draft = root / f".{name}.part"
    draft.mkdir(mode=0o700, parents=True)
    try:
        with _one_moment() as snapshot:
            tools.run(
                "pg_dump",
                "--format=custom",
                "--no-owner",
                "--no-acl",
                f"--snapshot={snapshot}",
                f"--file={draft / DATABASE}",
            )
            tables = table_contents()
            server = _server_version()
        contents = _archive(media, draft / MEDIA)
        own = {file: file_content(draft / file) for file in (DATABASE, MEDIA)}
        Manifest(now.isoformat(), server, tables, contents, own).write(draft)
        return draft.rename(root / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def list_backups(root: Path) -> list[Path]:
    """The backups below `root`, oldest first."""
    return sorted(path for path in root.glob("[0-9]*Z") if path.is_dir())


def delete_old_backups(root: Path, *, keep: int) -> list[str]:
    """Remove all but the newest `keep` backups; return the names of what was removed."""
    old = list_backups(root)[:-keep]
    for folder in old:
        shutil.rmtree(folder)
    return [folder.name for folder in old]


@contextmanager
def _one_moment() -> Iterator[str]:
    """A transaction that sees one moment throughout, and the name by which pg_dump sees the same."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        yield str(cursor.fetchone()[0])


def _server_version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0])


def _archive(media: Path, target: Path) -> dict[str, Content]:
    contents = {}
    with tarfile.open(target, "w") as archive:
        for path in files_below(media):
            name = str(path.relative_to(media))
            contents[name] = file_content(path)
            archive.add(path, arcname=name)
    return contents
