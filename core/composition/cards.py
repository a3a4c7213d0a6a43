"""How one app shows what another owns, without importing it.

An app registers a resolver for its kind: `(public ids, viewer) -> {id: Card}`. A post asks for cards of kind
"product", a message for cards of kind "order"; what the viewer may not see is simply not in the answer.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.context import Grant
from core.media.images import Image
from core.money import Money


@dataclass(frozen=True, slots=True)
class Action:
    """The one thing a card offers to do: a POST of `fields` to `url`, or a link when `method` is "get"."""

    label: str
    url: str
    method: str = "get"
    fields: Mapping[str, str] | None = None

    def __hash__(self) -> int:
        return hash((self.label, self.url, self.method))


@dataclass(frozen=True, slots=True)
class Card:
    """A thing of another app, small: enough to draw it and to lead to it."""

    kind: str
    id: str
    title: str
    url: str
    summary: str = ""
    image: Image | None = None
    price: Money | None = None
    is_price_from: bool = False  # the lowest of several
    state: str = ""
    note: str = ""
    action: Action | None = None


Resolver = Callable[[list[str], Grant], Mapping[str, Card]]
Pair = tuple[str, str]

_resolvers: dict[str, Resolver] = {}


def register(kind: str) -> Callable[[Resolver], Resolver]:
    """Declare the resolver of a kind. It answers for many ids with one query."""

    def keep(resolver: Resolver) -> Resolver:
        if kind in _resolvers and _resolvers[kind] is not resolver:
            raise ValueError(f"cards of kind {kind!r} already have a resolver")
        _resolvers[kind] = resolver
        return resolver

    return keep


def kinds() -> list[str]:
    """The kinds of cards there are."""
    return sorted(_resolvers)


def resolve(pairs: Iterable[Pair], viewer: Grant) -> dict[Pair, Card]:
    """The cards of many things, one query a kind. Unknown kinds and things the viewer may not see are left out."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for kind, public_id in dict.fromkeys(pairs):
        wanted[kind].append(public_id)
    return {
        (kind, public_id): card
        for kind, ids in wanted.items()
        if kind in _resolvers
        for public_id, card in _resolvers[kind](ids, viewer).items()
    }


def one(kind: str, public_id: str, viewer: Grant) -> Card | None:
    """The card of one thing, or None."""
    return resolve([(kind, public_id)], viewer).get((kind, public_id))
