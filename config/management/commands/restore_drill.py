"""Try whether the newest backup can be restored, beside the database that is in use."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from config.backups import BackupFailed
from config.backups.make import list_backups
from config.backups.restore import drill


class Command(BaseCommand):
    help = "Restore the newest backup into a fresh database, compare every table and file, audit the shop, and tidy up."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", nargs="?", help="a backup's folder below BACKUP_ROOT; default: the newest")

    def handle(self, *args: Any, name: str | None, **options: Any) -> None:
        root = Path(settings.BACKUP_ROOT)
        found = [root / name] if name else list_backups(root)
        if not found:
            raise CommandError(f"There is no backup in {root}. Make one: manage.py backup")
        try:
            manifest = drill(found[-1])
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        rows = sum(table.amount for table in manifest.tables.values())
        self.stdout.write(
            f"{found[-1].name} can be restored: {len(manifest.tables)} tables with {rows} rows and "
            f"{len(manifest.media)} files are what they were."
        )
