"""The events that exist, with a description of each. Domains add theirs in a module `events`."""

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

PATTERN: Final = re.compile(r"\*|[a-z_]+\.(?:\*|[a-z_]+)")

_descriptions: dict[str, str] = {}
_former_names: dict[str, tuple[str, ...]] = {}
_current_names: dict[str, str] = {}


def describe_events(descriptions: Mapping[str, str], *, former: Mapping[str, tuple[str, ...]] | None = None) -> None:
    """Add events to the catalogue, by name. Webhooks can subscribe to these only.

    `former` lists names under which earlier releases recorded an event. Stored events keep them: they are never
    updated.
    """
    _descriptions.update(descriptions)
    for name, formers in (former or {}).items():
        _former_names[name] = formers
        _current_names.update(dict.fromkeys(formers, name))


def get_current_name(name: str) -> str:
    """Return the present name of an event that was recorded under `name`."""
    return _current_names.get(name, name)


def get_all_names(name: str) -> tuple[str, ...]:
    """Return all names of an event, the present one first. `name` may be a former one."""
    current = get_current_name(name)
    return (current, *_former_names.get(current, ()))


def matches(name: str, pattern: str) -> bool:
    """Whether a pattern selects an event, under its present name or a former one."""
    return any(fnmatchcase(known, pattern) for known in get_all_names(name))


def all_descriptions() -> dict[str, str]:
    """Every event with its description, in order of the names."""
    return dict(sorted(_descriptions.items()))


def names_matching(pattern: str) -> list[str]:
    """The events that a pattern matches: one by its name, all of a kind by `order.*`, all by `*`."""
    if not PATTERN.fullmatch(pattern):
        return []
    return [name for name in sorted(_descriptions) if matches(name, pattern)]
