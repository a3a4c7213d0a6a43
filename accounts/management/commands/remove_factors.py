from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.authentication import mfa
from accounts.users.models import User
from core.context import Actor
from core.validation.email_addresses import find_email


class Command(BaseCommand):
    help = (
        "Remove all two-factor methods of somebody who lost them. Verify their identity first: this opens an account."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="their email address")

    def handle(self, *args: Any, address: str, **options: Any) -> None:
        user = User.objects.filter(email=find_email(address)).first()
        if user is None:
            raise CommandError(f"No account has the address {address}.")
        self.stdout.write(f"Removed: {mfa.remove_all_methods(user=user, by=Actor.system('command'))}")
