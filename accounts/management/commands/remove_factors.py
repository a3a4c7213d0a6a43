from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.authentication import mfa
from accounts.users.models import User
from core.context import Actor
from core.validation.email_addresses import find_email


class Command(BaseCommand):
    help = "Remove the second factors of somebody who lost phone and codes. Make sure who asks: this opens an account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="their e-mail address")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        user = User.objects.filter(email=find_email(address)).first()
        if user is None:
            raise CommandError(f"Nobody has the address {address}.")
        self.stdout.write(f"Removed: {mfa.remove_all_methods(user=user, by=Actor.system('command'))}")
