"""Render posts again whose HTML an older renderer made."""

from typing import Any

from django.core.management import BaseCommand

from blog.posts.services import writing


class Command(BaseCommand):
    help = "Render posts again whose HTML an older renderer made. A release does this; safe to run at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        done = writing.rerender_all_posts()
        if done or options["verbosity"] > 1:
            self.stdout.write(f"Posts rendered again: {done}")
