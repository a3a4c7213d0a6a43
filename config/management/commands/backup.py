"""Back the database and the media up while the site runs."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from config.backups import BackupFailed
from config.backups.make import delete_old_backups, make_backup


class Command(BaseCommand):
    help = "Write a backup of database and media below BACKUP_ROOT, with a manifest to check it by."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--keep", type=int, default=0, help="remove all but this many of the newest; default: none")

    def handle(self, *args: Any, keep: int, **options: Any) -> None:
        root = Path(settings.BACKUP_ROOT)
        try:
            made = make_backup(root=root, media=Path(settings.MEDIA_ROOT), now=timezone.now())
        except BackupFailed as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Made {made}.")
        for name in delete_old_backups(root, keep=keep) if keep > 0 else []:
            self.stdout.write(f"Removed {name}.")
