"""The one queue of what staff should look at: each app says what its things are and what can be done with them."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from accounts.users.models import User
from core.context import Actor, Grant


@dataclass(frozen=True, slots=True)
class ReportedContent:
    """A thing as staff see it in the queue. `state` is its own word, such as "pending"."""

    title: str
    text: str
    url: str
    author: str
    state: str


@dataclass(frozen=True, slots=True)
class ReportTarget:
    """A thing as whoever reports it knows it."""

    title: str
    url: str
    author: User | None


@dataclass(frozen=True, slots=True)
class ContentSource:
    """Things of one kind.

    `show(ids)` is for staff, in one look-up. `find(id, viewer)` is for whoever reports: None for what they may not
    see. `decide(id, stands, by, now)` lets a thing stand or takes it out, as somebody with `permission`, and gives the
    state it had. `restore(id, state, by, now)` gives it such a state again; None where what was taken out is gone.
    `hidden` is the state that enough reports give it until somebody looks; "" where there is none.
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
    """Make a kind known. Called on import of an app's `moderation.py`, once models are ready."""
    _sources[source.kind] = source


def get_source(kind: str) -> ContentSource | None:
    return _sources.get(kind)


def get_kinds() -> list[str]:
    """The kinds of things that can be reported."""
    return sorted(_sources)


def get_sources(by: Actor) -> list[ContentSource]:
    """The kinds that somebody may decide about, in order."""
    if not by.can("accounts.moderate"):
        return []
    return sorted((source for source in _sources.values() if by.can(source.permission)), key=lambda one: one.kind)
