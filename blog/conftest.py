"""What several tests of the journal ask for."""

from dataclasses import replace

import pytest

from core.composition import cards
from core.composition.cards import Action, Card
from core.money import Money


class Shelf:
    """A shop of cards for tests: what is on it can be named by posts, and how often it was asked."""

    def __init__(self) -> None:
        self.cards: dict[str, Card] = {}
        self.asked = 0

    def put(self, sku: str, **fields: object) -> None:
        action = Action("Add to cart", "/shop/cart/lines/", "post", {"sku": sku})
        card = Card(
            "product", sku, f"Bowl {sku}", f"/shop/bowl-{sku.lower()}/", price=Money(2800, "EUR"), action=action
        )
        self.cards[sku] = replace(card, **fields)

    def resolve(self, ids: list[str], viewer: object) -> dict[str, Card]:
        self.asked += 1
        return {sku: self.cards[sku] for sku in ids if sku in self.cards}


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Stands in for the shop, whatever the shop is."""
    made = Shelf()
    monkeypatch.setitem(cards._resolvers, "product", made.resolve)
    return made
