"""What one can be written to about: each app registers its topics here, and the accounts keep who wants which.

A topic's key is its kind, or its kind and the public id of what it is about: `newsletter`, `thread:<post>`,
`stock:<sku>`. An app says how a key is found for a viewer, and how a letter about it is filled when it is sent.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from core.context import Grant


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """What a topic is about, as people see it."""

    title: str
    url: str = ""


# (public ids, viewer) -> those that are there and that the viewer may follow.
Finder = Callable[[Collection[str], Grant], Mapping[str, TopicInfo]]
# The public id of what happened -> what the template needs; None when it is no longer worth a letter.
Writer = Callable[[str], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of topic. `words` describe its emails, `reason` says why somebody gets one; `template` is the email's.

    An `is_public` topic is offered to everybody and has no subject. A topic that is `ends_after_first` ends with its
    first email. A topic that is `on_by_default` is on for everybody with an account until they switch it off.
    """

    kind: str
    words: str | Promise
    reason: str | Promise
    template: str
    find: Finder
    write: Writer
    is_public: bool = False
    on_by_default: bool = False
    ends_after_first: bool = False


_topics: dict[str, Topic] = {}


def register(topic: Topic) -> None:
    _topics[topic.kind] = topic


def get_topic(key: str) -> Topic | None:
    """The kind of topic that a key is of."""
    return _topics.get(key.partition(":")[0])


def get_public_topics() -> list[Topic]:
    """Those that are offered to everybody."""
    return [topic for topic in _topics.values() if topic.is_public]


def describe(keys: Iterable[str], viewer: Grant) -> dict[str, TopicInfo]:
    """What the keys are about, as far as the viewer may know of it; one look-up a kind, however many keys."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        kind, _colon, public_id = key.partition(":")
        wanted[kind].append(public_id)
    return {
        f"{kind}:{public_id}" if public_id else kind: about
        for kind, ids in wanted.items()
        if kind in _topics
        for public_id, about in _topics[kind].find(ids, viewer).items()
    }
