"""Render messages again whose HTML an older renderer made."""

from typing import Any

from django.core.management import BaseCommand

from chat.messages.services import rerendering


class Command(BaseCommand):
    help = "Render messages again whose HTML an older renderer made. A release does this; safe to run at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        done = rerendering.rerender_all_messages()
        if done or options["verbosity"] > 1:
            self.stdout.write(f"Messages rendered again: {done}")
