"""Rules that every template keeps, so that a strict policy, htmx 4 and a page without scripts all work."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import TemplateSyntaxError
from django.template.loader import get_template

ROOT = Path(settings.BASE_DIR) / "templates"
PAGES = sorted(path for path in ROOT.rglob("*.html") if path.parts[-2] != "emails" and path.name != "standalone.html")
COMPONENTS = sorted((ROOT / "components").glob("*.html"))
FORBIDDEN = {
    "inline style": re.compile(r"<[^>{]*\sstyle="),
    "style element": re.compile(r"<style"),
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/(ld\+)?json)"),
    "event attribute": re.compile(r"\son(click|load|change|submit|input|error)="),
    "htmx attribute without data-": re.compile(r"\shx-[a-z]"),
}


TEMPLATES = sorted(path for path in ROOT.rglob("*") if path.suffix in {".html", ".txt"})
# Shown when Django's URLs may not work.
STANDALONE = {"errors/500.html", "errors/503.html", "errors/standalone.html"}
HARD_CODED_URL = re.compile(r"""(?:href|action|src|data-hx-\w+|\w*url)=["']/(?!/)[^"']*""")
# Words of the demo shop: texts of one shop belong to its data and settings.
SHOP_WORDS = re.compile(
    r"stoneware|kiln|glaze|potter|ceramic|\bclay\b|\bmugs?\b|\bbowls?\b|\b\d+[ -]days? (?:to|return)", re.IGNORECASE
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def broken_rules(text: str) -> list[str]:
    return [rule for rule, pattern in FORBIDDEN.items() if pattern.search(text)]


def test_no_inline_style_or_script_and_htmx_only_as_data() -> None:
    assert len(PAGES) > 200
    assert {name_of(path): broken for path in PAGES if (broken := broken_rules(path.read_text()))} == {}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('<p style="color: red">', "inline style"),
        ("<style>p {}</style>", "style element"),
        ("<script>alert(1)</script>", "inline script"),
        ('<a onclick="x()">', "event attribute"),
        ('<a hx-get="/x">', "htmx attribute without data-"),
    ],
)
def test_each_rule_finds_what_breaks_it(text: str, rule: str) -> None:
    assert broken_rules(text) == [rule]
    assert broken_rules('<script src="/static/x.js"></script><a data-hx-get="/x">onclick=</a>') == []


def test_addresses_come_from_the_url_configuration() -> None:
    found = {
        name_of(path): HARD_CODED_URL.findall(path.read_text()) for path in TEMPLATES if name_of(path) not in STANDALONE
    }

    assert {name: urls for name, urls in found.items() if urls} == {}


@pytest.mark.parametrize("text", ['<a href="/shop/">', "<form action='/search/'>", 'with action_url="/journal/"'])
def test_a_hard_coded_address_is_found(text: str) -> None:
    assert HARD_CODED_URL.search(text)
    assert not HARD_CODED_URL.search("""<a href="{% url 'shop:index' %}"><a href="#top"><a href="{{ site.url }}/">""")


def test_templates_hold_no_words_of_a_single_shop() -> None:
    own = [path for path in TEMPLATES if name_of(path).split("/")[0] != "styleguide"]

    assert len(own) > 200
    assert {name_of(path): found for path in own if (found := SHOP_WORDS.findall(path.read_text()))} == {}


def test_words_of_a_single_shop_are_found() -> None:
    assert SHOP_WORDS.findall("Stoneware for every day. 30 days to return it.") == ["Stoneware", "30 days to"]


def test_every_template_compiles() -> None:
    broken: dict[str, Exception] = {}
    for path in PAGES:
        try:
            get_template(name_of(path))
        except TemplateSyntaxError as failure:
            broken[name_of(path)] = failure

    assert broken == {}


def test_every_component_says_in_its_first_line_what_it_expects() -> None:
    silent = [
        name_of(path)
        for path in COMPONENTS
        if not re.match(r"{% comment %}.*(Expects|Drawn by)", path.read_text().splitlines()[0])
    ]

    assert silent == []
