"""Put a backup back, and try whether the newest could be."""

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from psycopg import sql

from config.backups import DATABASE, MEDIA, BackupFailed, tools
from config.backups.manifest import Manifest, differences, media_contents, table_contents
from core.ids import uuid7


def restore_backup(folder: Path, *, media: Path) -> Manifest:
    """Restore into the database Django is connected to, which must be empty, and into the media folder.

    The database comes back whole or not at all. Everything is compared with the manifest afterwards.
    Raises BackupFailed, naming each table and file that differs.
    """
    manifest = Manifest.read(folder)
    if table_contents():
        raise BackupFailed("The database is not empty. Restore into a fresh one.")
    tools.run("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-acl", *_into(folder))
    media.mkdir(parents=True, exist_ok=True)
    with tarfile.open(folder / MEDIA) as archive:
        archive.extractall(media, filter="data")
    _compare(manifest, media)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return manifest


def drill(folder: Path) -> Manifest:
    """Restore into a fresh database and folder beside the real ones, compare, audit the shop, and remove both.

    The database that is in use is not touched; its user must be allowed to create one.
    Raises BackupFailed or the audit's CommandError.
    """
    with _fresh_database(), tempfile.TemporaryDirectory(prefix="agora-drill-") as media:
        manifest = restore_backup(folder, media=Path(media))
        call_command("shop_audit")
        return manifest


def _into(folder: Path) -> list[str]:
    return [f"--dbname={connection.settings_dict['NAME']}", str(folder / DATABASE)]


def _compare(manifest: Manifest, media: Path) -> None:
    found = media_contents(media)
    kept = {name: found[name] for name in manifest.media.keys() & found.keys()}  # what else is there is not ours
    wrong = [*differences(manifest.tables, table_contents()), *differences(manifest.media, kept)]
    if wrong:
        raise BackupFailed("What was restored is not what was backed up: " + "; ".join(wrong))


@contextmanager
def _fresh_database() -> Iterator[None]:
    """A database that lives as long as the block, and that Django is connected to meanwhile."""
    own, fresh = connection.settings_dict["NAME"], f"drill_{uuid7().hex}"
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(fresh)))
    try:
        _connect_to(fresh)
        yield
    finally:
        _connect_to(own)
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(fresh)))


def _connect_to(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name
