"""Put a backup back into an empty database and the media folder."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from config.backups import BackupFailed
from config.backups.restore import restore_backup


class Command(BaseCommand):
    help = "Restore a backup into the database, which must be empty, and the media folder; compare both afterwards."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the backup's folder below BACKUP_ROOT")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        folder = Path(settings.BACKUP_ROOT) / name
        try:
            manifest = restore_backup(folder, media=Path(settings.MEDIA_ROOT))
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Restored {len(manifest.tables)} tables and {len(manifest.media)} files of {name}.")
