"""What the house knows about people: each app says what it holds, gives it out, and lets go of it.

An app registers a `Keeper` in its `privacy.py`. A test walks every model: a column that may hold something about a
person and that no handler names fails it, so nothing is forgotten by oversight. docs/privacy.md tells the whole.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User

Words = str | Promise

LAST_HANDLER: Final = "accounts"


class RetentionPolicy(models.TextChoices):
    """What becomes of something when its person goes."""

    ERASED = "erased", _("erased")
    NAMELESS = "nameless", _("kept without your name")
    KEPT = "kept", _("kept")


@dataclass(frozen=True, slots=True)
class DataCategory:
    """Something held about people.

    `columns` names them by model: {"shop.Order": "email note"}. `why` says why it is not simply erased. `file` is where
    it is found in an export; without one `not_exported` says why.
    """

    words: Words
    retention: RetentionPolicy
    columns: Mapping[str, str]
    why: Words = ""
    file: str = ""
    not_exported: Words = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Whose data is meant: the account and every address that was proved to be theirs."""

    user: User
    emails: frozenset[str]


@dataclass(frozen=True, slots=True)
class Records:
    """A JSON file of an export: rows of plain values, dates and money."""

    path: str
    words: Words
    rows: Iterable[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class FileCopy:
    """A stored file as it is."""

    path: str
    words: Words
    file: FieldFile


Part = Records | FileCopy


def _no_obstacle(person: Person) -> Words:
    return ""


@dataclass(frozen=True, slots=True)
class DataHandler:
    """One part of the house and what it holds about people.

    `export` yields what it gives out, asking the database in pieces of bounded size. `erase` lets go, inside a
    transaction of its own; again is no change. `waits` says why a person cannot be erased yet, "" when nothing holds
    them back. `unrelated_columns` names columns that look as if they were about people and are not.
    """

    words: Words
    categories: tuple[DataCategory, ...]
    export: Callable[[Person], Iterator[Part]]
    erase: Callable[[Person, datetime], None]
    get_obstacle: Callable[[Person], Words] = _no_obstacle
    unrelated_columns: Mapping[str, str] | None = None


_handlers: dict[str, DataHandler] = {}


def register(name: str, handler: DataHandler) -> None:
    """Make a part of the house known, such as "shop". Called on import of its `privacy.py`, once models are ready.

    Raises ValueError for a name that is taken.
    """
    if name in _handlers:
        raise ValueError(f"{name} is registered already")
    _handlers[name] = handler


def get_handlers() -> Mapping[str, DataHandler]:
    """All of them by name, the accounts last: whoever is erased is known by account and addresses until the end."""
    return dict(sorted(_handlers.items(), key=lambda item: (item[0] == LAST_HANDLER, item[0])))


def get_erasure_obstacle(person: Person) -> Words:
    """Why a person cannot be erased yet, in words; "" when nothing holds them back."""
    return next((words for handler in get_handlers().values() if (words := handler.get_obstacle(person))), "")
