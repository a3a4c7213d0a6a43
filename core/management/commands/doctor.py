"""Say what is wrong with this installation, and what to do."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management import BaseCommand

from core.monitoring import checks, doctor, safety_checks  # noqa: F401  the checks register on import
from core.monitoring.doctor import Finding, State

WORST_FIRST = (State.BROKEN, State.WARNING, State.OK)


class Command(BaseCommand):
    help = "Check database, Redis, mail, storage, keys, clocks, worker and beat; exit with 1 if something is broken."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object instead of words")
        parser.add_argument(
            "--timeout", type=float, default=doctor.TIMEOUT_SECONDS, help="seconds for all checks together"
        )

    def handle(self, *args: Any, timeout: float, **options: Any) -> None:
        findings = doctor.examine(timeout)
        worst = next(state for state in WORST_FIRST if state is State.OK or any(f.state is state for f in findings))
        if options["json"]:
            told = {"state": worst.value, "checks": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(told, indent=2))
        else:
            self._tell(findings)
        if worst is State.BROKEN:
            sys.exit(1)

    def _tell(self, findings: list[Finding]) -> None:
        styles = {State.BROKEN: self.style.ERROR, State.WARNING: self.style.WARNING, State.OK: self.style.SUCCESS}
        for finding in findings:
            paint = styles.get(finding.state, str)
            self.stdout.write(f"{paint(f'{finding.state:<8}')} {finding.name:<17} {finding.what}")
            if finding.fix:
                self.stdout.write(f"{'':<27}{finding.fix}")
        broken = sum(finding.state is State.BROKEN for finding in findings)
        doubtful = sum(finding.state is State.WARNING for finding in findings)
        self.stdout.write(f"\n{broken} broken, {doubtful} to look at, of {len(findings)} checks.")
