"""Cards, panels and references: siblings show each other without knowing each other."""

import pytest

from core.composition import cards, cross_references, panels
from core.composition.cards import Card
from core.composition.models import Reference
from core.composition.panels import Panel
from core.context import Grant

NOBODY = Grant.anonymous()


@pytest.fixture(autouse=True)
def own_registries(monkeypatch):
    monkeypatch.setattr(cards, "_resolvers", {})
    monkeypatch.setattr(panels, "_makers", type(panels._makers)(list))


def test_cards_are_resolved_once_a_kind():
    asked = []

    @cards.register("product")
    def products(ids, viewer):
        asked.append(ids)
        return {public_id: Card("product", public_id, public_id.title(), f"/p/{public_id}") for public_id in ids}

    found = cards.resolve([("product", "mug"), ("product", "bowl"), ("product", "mug"), ("order", "1")], NOBODY)

    assert asked == [["mug", "bowl"]]
    assert {pair: card.title for pair, card in found.items()} == {
        ("product", "mug"): "Mug",
        ("product", "bowl"): "Bowl",
    }


def test_what_the_viewer_may_not_see_is_not_there():
    cards.register("order")(lambda ids, viewer: {})

    assert cards.one("order", "1", NOBODY) is None


def test_two_resolvers_for_one_kind_are_a_mistake():
    cards.register("order")(lambda ids, viewer: {})

    with pytest.raises(ValueError, match="already"):
        cards.register("order")(lambda ids, viewer: {})


def test_panels_come_in_order_and_only_where_there_is_something_to_show():
    panels.register("slot")(lambda subject, viewer: Panel("Late", "x.html", order=200))
    panels.register("slot")(lambda subject, viewer: Panel("Early", "x.html", {"subject": subject}, order=1))
    panels.register("slot")(lambda subject, viewer: None)
    panels.register("elsewhere")(lambda subject, viewer: Panel("Other", "x.html"))

    found = panels.collect("slot", "s", NOBODY)

    assert [panel.title for panel in found] == ["Early", "Late"]
    assert found[0].context == {"subject": "s"}


@pytest.mark.django_db
def test_references_are_replaced_whole_and_read_from_both_ends():
    cross_references.replace(("post", "a"), [("product", "mug"), ("product", "bowl"), ("product", "mug")])
    cross_references.replace(("post", "b"), [("product", "mug")])
    cross_references.replace(("post", "a"), [("product", "bowl"), ("product", "jar")])

    named = Reference.objects.filter(source_kind="post", source_id="a").order_by("position")
    assert list(named.values_list("target_kind", "target_id")) == [("product", "bowl"), ("product", "jar")]
    assert cross_references.sources_of(("product", "mug"), "post") == ["b"]
