"""Registry of personal data: each app declares, exports and erases what it stores.

An app registers a `DataHandler` in its `privacy.py`. A test checks every model: a column that may contain personal data
must be declared. See docs/privacy.md.
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
    """What happens to data when its person is erased."""

    ERASED = "erased", _("erased")
    NAMELESS = "nameless", _("anonymised")
    KEPT = "kept", _("retained")


@dataclass(frozen=True, slots=True)
class DataCategory:
    """A category of personal data.

    `columns` lists them by model: {"shop.Order": "email note"}. `why` says why it is not erased. `file` is its file in
    an export; otherwise `not_exported` says why there is none.
    """

    words: Words
    retention: RetentionPolicy
    columns: Mapping[str, str]
    why: Words = ""
    file: str = ""
    not_exported: Words = ""


@dataclass(frozen=True, slots=True)
class Person:
    """The person whose data is meant: the account and all verified addresses."""

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
    """A copy of a stored file."""

    path: str
    words: Words
    file: FieldFile


Part = Records | FileCopy


def _no_obstacle(person: Person) -> Words:
    return ""


@dataclass(frozen=True, slots=True)
class DataHandler:
    """The personal data of one part of the site.

    `export` yields its parts, in queries of bounded size. `erase` runs in a transaction of its own and is idempotent.
    `get_obstacle` says why a person cannot be erased yet, else "". `unrelated_columns` lists columns that look like
    personal data and are not.
    """

    words: Words
    categories: tuple[DataCategory, ...]
    export: Callable[[Person], Iterator[Part]]
    erase: Callable[[Person, datetime], None]
    get_obstacle: Callable[[Person], Words] = _no_obstacle
    unrelated_columns: Mapping[str, str] | None = None


_handlers: dict[str, DataHandler] = {}


def register(name: str, handler: DataHandler) -> None:
    """Register a part of the site, such as "shop". Called on import of its `privacy.py`, once models are ready.

    Raises ValueError for a name that is taken.
    """
    if name in _handlers:
        raise ValueError(f"{name} is registered already")
    _handlers[name] = handler


def get_handlers() -> Mapping[str, DataHandler]:
    """Return all handlers by name, accounts last: erasing needs the account and its addresses until the end."""
    return dict(sorted(_handlers.items(), key=lambda item: (item[0] == LAST_HANDLER, item[0])))


def get_erasure_obstacle(person: Person) -> Words:
    """Return why a person cannot be erased yet; "" when nothing prevents it."""
    return next((words for handler in get_handlers().values() if (words := handler.get_obstacle(person))), "")
