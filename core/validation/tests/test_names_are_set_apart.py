"""A name that people chose turns nothing round it: it stands in `<bdi>`, or between isolates where no element can."""

import re

import pytest
from django.conf import settings

NAME = (
    r"[a-z_.]*\.display_name|(?:comment|reply|post)\.byline|message\.(?:quote\.)?author|reply\.author|node\.reply_to"
    r"|row\.shown\.author|row\.impersonator|address\.name|(?:made\.|consent\.)?client\.name"
    r"|application\.name"
)
SHOWN = re.compile(rf"(<bdi[^>]*>|data-name=\")?\{{\{{ ({NAME})(?:\|default:[a-z_.]+)?(\|bdi|\|isolate)?(?![a-z_.:])")
TRANSLATED = re.compile(rf"\{{% blocktranslate[^%]*?=({NAME})(\|bdi|\|isolate)?(?=[ %|])")
TEMPLATES = sorted(path for path in (settings.BASE_DIR / "templates").rglob("*.html"))


def names_in(text):
    """(expression, whether it is set apart) of each name that a template shows."""
    for found in SHOWN.finditer(text):
        yield found[2], bool(found[1] or found[3])
    for found in TRANSLATED.finditer(text):
        yield found[1], bool(found[2])


@pytest.mark.parametrize(
    ("text", "is_apart"),
    [
        ("<p>{{ user.display_name }}</p>", False),
        ("<p>{{ user.display_name|bdi }}</p>", True),
        ("<bdi>{{ message.author }}</bdi>", True),
        ("{% blocktranslate with name=comment.byline %}by {{ name }}{% endblocktranslate %}", False),
        ("{% blocktranslate with name=comment.byline|bdi %}by {{ name }}{% endblocktranslate %}", True),
    ],
)
def test_search_finds_names_that_are_not_set_apart(text, is_apart):
    assert [found for _name, found in names_in(text)] == [is_apart]


def test_every_name_in_templates_is_set_apart():
    found = [
        (str(path.relative_to(settings.BASE_DIR)), *name) for path in TEMPLATES for name in names_in(path.read_text())
    ]

    assert [(path, name) for path, name, is_apart in found if not is_apart] == []
    assert len(found) > 30
