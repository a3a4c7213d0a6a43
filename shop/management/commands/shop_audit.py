"""`manage.py shop_audit`: check all sums of the shop."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from shop.audit import queries as audit


class Command(BaseCommand):
    help = "Check the sums of stock, orders and payments. Exits non-zero if one does not match."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the drift as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        alone = not connection.in_atomic_block
        with transaction.atomic():
            if alone:
                # All checks read one snapshot, so that a sale between two of them is not reported.
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            found = audit.find_drift()
        if options["json"]:
            drift = [asdict(entry) for entry in found]
            self.stdout.write(json.dumps({"checks": list(audit.CHECKS), "drift": drift}, indent=2))
        else:
            for entry in found:
                self.stdout.write(f"{entry.subject}: {entry.check}: {entry.written} stored, {entry.counted} computed")
            self.stdout.write(f"{len(audit.CHECKS)} checks, {len(found)} findings")
        if found:
            raise CommandError(f"{len(found)} sums do not match")
