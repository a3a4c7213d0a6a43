"""Run all of Agora on this machine until Ctrl-C."""

import os
import time
from argparse import ArgumentParser
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command, get_commands
from django.core.management.base import CommandParser
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from config.embedded.console import say
from config.embedded.process import ServiceError
from config.embedded.supervisor import Supervisor


class Command(BaseCommand):
    help = "Run PostgreSQL, Valkey, the web process and the worker until Ctrl-C; fill an empty database with the demo."
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Let `-v` alone mean verbose; `--verbosity` stays as Django has it."""
        return super().create_parser(prog_name, subcommand, conflict_handler="resolve", **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, default=os.environ.get("PORT") or None, help="default: 8000 or the next"
        )
        parser.add_argument("--reload", action="store_true", help="restart when code or templates change")
        parser.add_argument("--no-demo", action="store_true", help="leave the database as it is")
        parser.add_argument("-v", "--verbose", action="store_true", help="name every migration")

    def handle(self, *args: Any, port: int | None, reload: bool, no_demo: bool, verbose: bool, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("This is for development. With DEBUG off, run each process by itself: see the README.")

        def prepare() -> None:
            _migrate(verbose=verbose)
            if not no_demo:
                _load_demo()
            connections.close_all()

        try:
            Supervisor(port=port, reload=reload, prepare=prepare, welcome=_welcome).run()
        except ServiceError as error:
            raise CommandError(str(error)) from error


def _migrate(*, verbose: bool) -> None:
    started = time.monotonic()
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        say(f"Preparing the database: {len(plan)} migrations.")
        call_command("migrate", interactive=False, verbosity=1 if verbose else 0)
        say(f"  done in {time.monotonic() - started:.0f} s")


def _load_demo() -> None:
    """The command itself knows what is there already."""
    if "load_demo" in get_commands():
        call_command("load_demo")


def _welcome(url: str) -> None:
    say(f"\nAgora runs at {url}")
    if apps.is_installed("demo"):
        # Asked for by name: code of config and demo does not import one another.
        for role, email, password in import_module("demo").DEMO_LOGINS:
            say(f"  {role:<12} {email:<24} {password}")
    say("Ctrl-C stops it.\n")
