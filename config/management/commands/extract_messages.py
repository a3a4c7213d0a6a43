"""Collect every text that is marked for translation, from Python and templates, into locale/django.pot.

Django's makemessages does the same with GNU gettext, which is not installed everywhere; this needs Babel alone.
"""

import io
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.pofile import write_po
from django.conf import settings
from django.core.management import BaseCommand, CommandError
from django.template.base import Lexer, Token, TokenType
from django.utils.text import smart_split

KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PYTHON = ("accounts", "analytics", "blog", "chat", "config", "core", "shop")
TRANSLATE, BLOCK = ("trans", "translate"), ("blocktrans", "blocktranslate")
UNNAMED = re.compile(r"(?<!%)(?:%%)*%[sdr]")


class Message(NamedTuple):
    """One text: singular, plural if it has one, and context."""

    text: str
    plural: str | None = None
    context: str | None = None


class Command(BaseCommand):
    help = "Write locale/django.pot; with --check only say whether it is up to date."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, fail if the file is out of date")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        file = Path(settings.BASE_DIR) / "locale" / "django.pot"
        found = set(python_messages(settings.BASE_DIR)) | set(template_messages(settings.BASE_DIR / "templates"))
        if several := sorted(m.text for m in found if len(UNNAMED.findall(m.text)) > 1):
            raise CommandError(f"Translators must be able to reorder these: name their placeholders. {several}")
        written = catalogue_of(found)
        if not check:
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(written)
            self.stdout.write(f"{len(found)} messages in {file.relative_to(settings.BASE_DIR)}")
        elif not file.exists() or file.read_bytes() != written:
            raise CommandError("locale/django.pot is out of date. Run `make messages` and review the difference.")


def python_messages(root: Path) -> Iterator[Message]:
    """Messages of every call of a gettext function in our apps."""
    for app in PYTHON:
        for file in sorted((root / app).rglob("*.py")):
            if not {"tests", "migrations"} & set(file.parts):
                for _, text, _, context in extract_from_file("python", file, KEYWORDS):
                    singular, plural = (text[0], text[1]) if isinstance(text, tuple) else (text, None)
                    yield Message(singular, plural, context)


def template_messages(folder: Path) -> Iterator[Message]:
    """Messages of every translate and blocktranslate tag."""
    for file in sorted(folder.rglob("*")):
        if file.suffix in {".html", ".txt", ".xml", ".md"}:
            yield from messages_of(Lexer(file.read_text()).tokenize())


def messages_of(tokens: list[Token]) -> Iterator[Message]:
    """Messages of one template; a blocktranslate runs to its end tag."""
    left = iter(tokens)
    for token in left:
        words = list(smart_split(token.contents)) if token.token_type == TokenType.BLOCK else [""]
        if words[0] in TRANSLATE and words[1][0] in "\"'":
            yield Message(words[1][1:-1], context=context_of(words))
        elif words[0] in BLOCK:
            yield block_message(words, left)


def block_message(words: list[str], left: Iterator[Token]) -> Message:
    """Read a blocktranslate up to its end tag, as Django looks its text up."""
    parts = [""]
    for token in left:
        if token.token_type == TokenType.BLOCK and token.contents.startswith("endblocktrans"):
            break
        if token.token_type == TokenType.BLOCK:  # plural
            parts.append("")
        elif token.token_type == TokenType.VAR:
            parts[-1] += f"%({token.contents.split('|')[0].strip()})s"
        else:
            parts[-1] += token.contents.replace("%", "%%")
    if "trimmed" in words:
        parts = [" ".join(line.strip() for line in part.strip().splitlines()) for part in parts]
    return Message(parts[0], parts[1] if len(parts) > 1 else None, context_of(words))


def context_of(words: list[str]) -> str | None:
    return words[words.index("context") + 1][1:-1] if "context" in words else None


def catalogue_of(messages: set[Message]) -> bytes:
    """Write a PO template in the order of the texts, without dates and places, so that only texts change it."""
    catalogue = Catalog(project=None, charset="utf-8")
    for message in sorted(messages, key=lambda m: (m.text, m.context or "", m.plural or "")):
        texts = (message.text, message.plural) if message.plural else message.text
        catalogue.add(texts, context=message.context)
    written = io.BytesIO()
    write_po(written, catalogue, omit_header=True, width=0)
    return written.getvalue()
