"""Run another command with PostgreSQL and Valkey up, whether or not Agora runs."""

import sys
from argparse import REMAINDER, ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError, execute_from_command_line

from config.embedded import services
from config.embedded.process import ServiceError


class Command(BaseCommand):
    help = "Run another command with PostgreSQL and Valkey up: those of a running Agora, or else started just for it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("command", nargs=REMAINDER, help="for example: shell")

    def handle(self, *args: Any, command: list[str], **options: Any) -> None:
        if not command:
            raise CommandError("Say which command, for example: manage.py with_services shell")
        try:
            with services(f"manage.py {' '.join(command)}"):
                execute_from_command_line([sys.argv[0], *command])
        except ServiceError as error:
            raise CommandError(str(error)) from error
