"""Registry of topics that people can subscribe to. Each app registers its own.

A key is a kind, or a kind and a public id: `newsletter`, `thread:<post>`, `stock:<sku>`. A topic finds keys for a
viewer and fills its emails.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from core.context import Grant


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """Title and link of a topic."""

    title: str
    url: str = ""


# (public ids, viewer) -> those that exist and that the viewer may subscribe to.
Finder = Callable[[Collection[str], Grant], Mapping[str, TopicInfo]]
# Public id -> context of the template; None when the content is no longer current.
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
    """Return the topic of a key."""
    return _topics.get(key.partition(":")[0])


def get_public_topics() -> list[Topic]:
    """Return the topics that are offered to everybody."""
    return [topic for topic in _topics.values() if topic.is_public]


def describe(keys: Iterable[str], viewer: Grant) -> dict[str, TopicInfo]:
    """Return information about keys that the viewer may see; one look-up for each kind."""
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
