"""A component is drawn once for the same values, and never shows what it was not given."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import engines
from django.test import RequestFactory

from core.composition.cards import Action, Card
from core.money import Money
from core.templatetags import drawing


@pytest.fixture(autouse=True)
def nothing_drawn():
    drawing._drawn.clear()


def draw(markup: str, user: Any = None, **values: Any) -> str:
    request = RequestFactory().get("/")
    request.user = user or AnonymousUser()
    template = engines["django"].from_string(f"{{% load drawing %}}{markup}")
    return template.render({"user": request.user, **values}, request)


def card(**more: Any) -> Card:
    action = Action("Add", "/add/", "post", {"sku": "MUG"})
    return Card(
        **{
            "kind": "product",
            "id": "mug",
            "title": "Mug <b>",
            "url": "/p/",
            "price": Money(1200, "EUR"),
            "action": action,
            **more,
        }
    )


CARD = '{% draw "components/card_product.html" card=card heading="h2" %}'


def test_it_is_what_an_include_draws():
    included = '{% include "components/card_product.html" with heading="h2" %}'

    assert draw(CARD, card=card()) == draw(included, card=card())
    assert "Mug &lt;b&gt;" in draw(CARD, card=card())


def test_the_same_values_are_drawn_once_and_others_anew(monkeypatch: pytest.MonkeyPatch):
    drawn = []
    component = drawing._component
    monkeypatch.setattr(drawing, "_component", lambda context, name: drawn.append(name) or component(context, name))

    for title, sku in [("A", "1"), ("A", "1"), ("B", "1"), ("A", "2"), ("A", "1")]:
        draw(CARD, card=card(title=title, action=Action("Add", "/add/", "post", {"sku": sku})))

    assert len(drawn) == 3


def test_values_without_a_hash_are_drawn_each_time():
    markup = '{% draw "components/chips.html" chips=chips clear_url="/" %}'
    first = draw(markup, chips=[("One", "/1/")])

    assert "One" in first
    assert "Two" in draw(markup, chips=[("Two", "/2/")])


def test_it_sees_nothing_but_what_it_is_given():
    assert "secret" not in draw(
        '{% draw "components/card_product.html" card=card %}', card=card(), was=Money(99900, "EUR"), heading="secret"
    )


@pytest.mark.django_db
def test_a_signed_in_person_s_form_has_their_token_and_is_not_remembered(customer: Any):
    own = draw(CARD, user=customer, card=card())

    assert not drawing._drawn
    assert "csrfmiddlewaretoken" in own
    assert "csrfmiddlewaretoken" not in draw(CARD, card=card())


def test_no_more_is_remembered_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(drawing, "MAX_ENTRIES", 2)

    for title in "ABC":
        draw(CARD, card=card(title=title))

    assert [dict(key[2:])["card"].title for key in drawing._drawn] == ["B", "C"]
