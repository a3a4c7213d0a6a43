"""The frame of mail: a plain part that is plain, an HTML part that survives dark mode and clients without images."""

from django.template import engines
from django.template.loader import render_to_string

from core.money import Money

SITE = {"name": "Ninth Tile & Sons", "url": "https://agora.example"}


def render(source: str, **values: object) -> str:
    return engines["django"].from_string(source).render({"site": SITE, **values})


def test_the_text_part_is_not_escaped_and_begins_with_its_subject():
    text = render(
        '{% extends "emails/base.txt" %}{% block subject %}Hello {{ name }}{% endblock %}'
        "{% block body %}{{ name }} <here>{% endblock %}{% block reason %}You asked for it.{% endblock %}",
        name="O'Neill & Co",
    )

    assert text.lstrip().startswith("Subject: Hello O'Neill & Co\n\nO'Neill & Co <here>\n")
    assert "Ninth Tile & Sons\nhttps://agora.example/" in text


def test_the_html_part_escapes_and_has_its_parts():
    html = render(
        '{% extends "emails/base.html" %}{% block preheader %}Soon{% endblock %}{% block body %}<p>{{ name }}</p>'
        '{% endblock %}{% block button %}{% include "emails/button.html" with url="https://agora.example/x" label="Go" %}'
        "{% endblock %}{% block reason %}You asked for it.{% endblock %}",
        name="<script>",
        subject="Your order",
    )

    assert "<p>&lt;script&gt;</p>" in html
    assert "<title>Your order</title>" in html
    assert "prefers-color-scheme:dark" in html
    assert 'href="https://agora.example/x"' in html
    assert "Ninth Tile &amp; Sons" in html
    assert "<img" not in html


def test_lines_show_what_was_bought():
    html = render_to_string(
        "emails/lines.html",
        {
            "lines": [{"title": "Bowl", "note": "Cobalt", "quantity": 2, "total": Money(85_00, "EUR")}],
            "rows": [("Delivery", "Free", ""), ("Voucher", Money(-5_00, "EUR"), "KILN")],
            "total": Money(80_00, "EUR"),
        },
    )

    assert "2 × Bowl" in html
    assert "€85.00" in html
    assert "-€5.00" in html
    assert html.rindex("€80.00") > html.rindex("-€5.00")
