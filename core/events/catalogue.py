"""The events that exist, with a description of each. Domains add theirs in a module `events`."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

PATTERN: Final = re.compile(r"\*|[a-z_]+\.(?:\*|[a-z_]+)")

_descriptions: dict[str, str] = {}


def describe_events(descriptions: Mapping[str, str]) -> None:
    """Add events to the catalogue, by name. Webhooks can subscribe to these only."""
    _descriptions.update(descriptions)


def all_descriptions() -> dict[str, str]:
    """Every event with its description, in order of the names."""
    return dict(sorted(_descriptions.items()))


def names_matching(pattern: str) -> list[str]:
    """The events that a pattern matches: one by its name, all of a kind by `order.*`, all by `*`."""
    if not PATTERN.fullmatch(pattern):
        return []
    return [name for name in sorted(_descriptions) if fnmatchcase(name, pattern)]
