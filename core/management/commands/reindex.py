"""Build the search index again, while the site runs."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.search import index as search
from core.search import words as search_words


class Command(BaseCommand):
    help = "Build the search index again, of all kinds or of those named. Searches go on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kinds", nargs="*", help=f"Any of {', '.join(search.kinds())}; all when none is named.")

    def handle(self, *args: Any, kinds: list[str], **options: Any) -> None:
        if unknown := sorted(set(kinds) - set(search.kinds())):
            raise CommandError(f"No such kind: {', '.join(unknown)}. There are {', '.join(search.kinds())}.")
        for kind in kinds or search.kinds():
            self._reindex(kind)
        self.stdout.write(f"words: {search_words.prune()} removed that no document has")

    def _reindex(self, kind: str) -> None:
        count = 0
        for count in search.reindex(kind):
            self.stdout.write(f"{kind}: {count} indexed", ending="\r" if self.stdout.isatty() else "\n")
        self.stdout.write(f"{kind}: {count} indexed, done")
