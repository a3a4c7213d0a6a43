"""Let the next key sign."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.oauth.services import signing_keys
from core.context import Actor


class Command(BaseCommand):
    help = "Let the next signing key sign, publish another next one, and delete former ones that signed nothing valid."

    def handle(self, *args: Any, **options: Any) -> None:
        current = signing_keys.rotate(by=Actor.system("accounts.signing_keys"))
        self.stdout.write(f"{current.kid} signs from now on.")
