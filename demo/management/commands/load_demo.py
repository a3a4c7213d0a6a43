"""Load the demo studio."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.utils import timezone

from demo.loading import everything
from demo.loading.reset import clear_data


class Command(BaseCommand):
    help = "Load the demo studio: catalogue, journal, people, ninety days of orders and talk. Again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="empty all tables, media and the mailbox first")

    def handle(self, *args: Any, reset: bool, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("The demo is for development and needs DEBUG=1.")
        if reset:
            clear_data()
            self.stdout.write("The database is empty.")
        self._say("Loading the demo studio.")
        done = everything.load(now=timezone.now(), say=self._say)
        self.stdout.write("The demo studio is loaded." if done else "The demo studio was loaded before.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
