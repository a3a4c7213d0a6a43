"""Bring the database up to this code, one release at a time."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError

from config.release import ReleaseFailed, release


class Command(BaseCommand):
    help = "Wait for the database and migrate it. Several at once take turns; the second finds nothing to do."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--patience", type=float, default=120, help="seconds to wait for the database, and for another release"
        )

    def handle(self, *args: Any, patience: float, **options: Any) -> None:
        try:
            release(patience=patience, say=self.stdout.write)
        except ReleaseFailed as error:
            raise CommandError(str(error)) from error
