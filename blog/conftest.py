"""Fixtures for journal tests."""

from dataclasses import replace

import pytest

from core.composition import cards
from core.composition.cards import Action, Card
from core.money import Money


class ProductCards:
    """A fake product card resolver that counts its calls."""

    def __init__(self) -> None:
        self.cards: dict[str, Card] = {}
        self.calls = 0

    def put(self, sku: str, **fields: object) -> None:
        action = Action("Add to cart", "/shop/cart/lines/", "post", {"sku": sku})
        card = Card(
            "product", sku, f"Bowl {sku}", f"/shop/bowl-{sku.lower()}/", price=Money(2800, "EUR"), action=action
        )
        self.cards[sku] = replace(card, **fields)

    def resolve(self, ids: list[str], viewer: object) -> dict[str, Card]:
        self.calls += 1
        return {sku: self.cards[sku] for sku in ids if sku in self.cards}


@pytest.fixture
def product_cards(monkeypatch: pytest.MonkeyPatch) -> ProductCards:
    """Replace the product card resolver of the shop."""
    made = ProductCards()
    monkeypatch.setitem(cards._resolvers, "product", made.resolve)
    return made
