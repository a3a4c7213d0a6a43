"""How one app adds a fragment to another's page: what a post earned, a customer's orders beside a conversation.

An app registers a maker for a slot: `(subject, viewer) -> Panel | None`. The page that owns the slot shows what
comes, in `order`.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

from core.context import Grant


@dataclass(frozen=True, slots=True)
class Panel:
    """A titled fragment: a template of the app that gives it, and what that template needs."""

    title: str | Promise
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    order: int = 100


Maker = Callable[[Any, Grant], Panel | None]

_makers: dict[str, list[Maker]] = defaultdict(list)


def register(slot: str) -> Callable[[Maker], Maker]:
    """Declare a maker of panels for a slot."""

    def keep(maker: Maker) -> Maker:
        if maker not in _makers[slot]:
            _makers[slot].append(maker)
        return maker

    return keep


def collect(slot: str, subject: Any, viewer: Grant) -> list[Panel]:
    """The panels of a slot for this subject and viewer, in order."""
    made = (maker(subject, viewer) for maker in _makers[slot])
    return sorted((panel for panel in made if panel is not None), key=lambda panel: panel.order)
