"""Registry of content that can be moderated. Each app registers its kinds."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from accounts.users.models import User
from core.context import Actor, Grant


@dataclass(frozen=True, slots=True)
class ReportedContent:
    """Content as shown to staff in the queue. `state` is its own term, such as "pending"."""

    title: str
    text: str
    url: str
    author: str
    state: str


@dataclass(frozen=True, slots=True)
class ReportTarget:
    """Content as shown to the person who reports it."""

    title: str
    url: str
    author: User | None


@dataclass(frozen=True, slots=True)
class ContentSource:
    """Content of one kind.

    `show(ids)` returns content for staff, in one look-up. `find(id, viewer)` returns content for a report: None for
    what the viewer may not see. `decide(id, stands, by, now)` approves or removes content, as somebody with
    `permission`, and returns its former state. `restore(id, state, by, now)` sets such a state again; None where
    removed content is deleted. `hidden` is the state of content with many reports until staff review it; "" where there
    is none.
    """

    kind: str
    words: str | Promise
    permission: str
    show: Callable[[Collection[str]], Mapping[str, ReportedContent]]
    find: Callable[[str, Grant], ReportTarget | None]
    decide: Callable[[str, bool, Actor, datetime], str]
    restore: Callable[[str, str, Actor, datetime], None] | None = None
    hidden: str = ""


_sources: dict[str, ContentSource] = {}


def register(source: ContentSource) -> None:
    """Register a kind. Called on import of an app's `moderation.py`, once models are ready."""
    _sources[source.kind] = source


def get_source(kind: str) -> ContentSource | None:
    return _sources.get(kind)


def get_kinds() -> list[str]:
    """Return the kinds of content that can be reported."""
    return sorted(_sources)


def get_sources(by: Actor) -> list[ContentSource]:
    """Return the kinds that somebody may moderate, in order."""
    if not by.can("accounts.moderate"):
        return []
    return sorted((source for source in _sources.values() if by.can(source.permission)), key=lambda one: one.kind)
