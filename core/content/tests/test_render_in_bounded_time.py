"""No text holds a worker for long: the renderer refuses it after a bounded number of steps, or is quick with it."""

import threading
import time
from contextlib import suppress

import pytest

from core.content import markdown
from core.content.markdown import TextTooComplex

LENGTH = 180_000
# CPU time of this thread, so that a busy machine does not fail the test. What is quadratic takes ten times as long.
SECONDS = 2.0

UNITS = [
    *["'a\" ", '"a\n\n', "'://' ", "http://", "http://a.b/漢。", "www.a", "mailto:a@b.c"],
    *["[", "[](", "[a](b ", "[a](<b", "[a](b 'c ", "![[", "[a]: b\n", "[^a]", "^[", "[^a]: b\n"],
    *[
        "`",
        "a`` ",
        "*",
        "a**b*c_",
        "*_",
        "~~a ",
        "**a *b ",
        "<",
        "<!--",
        "<a b='",
        "<http:a",
        "<![CDATA[",
        "&amp;",
        "\\*",
    ],
    *[
        "|",
        "|a|\n|-|\n",
        "- a\n\n",
        "1. ",
        "> ",
        "> - ",
        "# \n",
        "a\n-\n",
        ":::gallery\n",
        "```py\na\n```\n",
        "a",
        "漢字。",
    ],
]
TEXTS = {
    **{repr(unit): unit * (LENGTH // len(unit)) for unit in UNITS},
    "one address": "http://a.b/" + "a" * LENGTH,
    "brackets in an address": "http://a.b/" + "(" * LENGTH,
    "nested links": "[" * 20_000 + "a" + "](b)" * 20_000,
    "nested pictures": "![" * 20_000 + "a" + "](b)" * 20_000,
    "nested notes": "^[" * 20_000 + "a" + "]" * 20_000,
    "a title that never ends": '[a]: b "' + "c\n" * 80_000,
    "nested quote with lazy lines": ">" * 1000 + "a\n" + "b\n" * 80_000,
    "nested list with lazy lines": "- " * 90 + "a\n" + "b\n" * 80_000,
    "deeper and deeper list": "".join("  " * depth + "- a\n" for depth in range(420)),
    "emphasis opened and closed": "*a " * 30_000 + " a*" * 30_000,
    "a table with a row for each line": "a|b\n-|-\n" + "a|b\n" * 45_000,
    "a wide table": "|a" * 400 + "\n" + "|-" * 400 + "\n" + "|\n" * 80_000,
    "code": "```c\n" + "\n" * LENGTH + "\n```",
    "code in strings": "```python\n" + "a='" * 60_000 + "\n```",
    "many pieces of code": "```html\n" + "<a b='" * 450 + "\n```\n" * 60,
}


def seconds_for(render, text):
    start = time.thread_time()
    with suppress(TextTooComplex):
        render(text)
    return time.thread_time() - start


@pytest.mark.parametrize("name", TEXTS)
def test_no_text_takes_more_than_a_moment(name):
    assert seconds_for(markdown.render, TEXTS[name][:200_000]) < SECONDS


@pytest.mark.parametrize(
    "unit", ["'a\" ", "http://a.b/漢。", "[", "[a](b ", "*_", "`", "> - ", "- a\n\n", "<a b='", "a\n"]
)
def test_no_comment_takes_more_than_a_moment(unit):
    assert seconds_for(markdown.render_short, unit * (LENGTH // len(unit))) < SECONDS


def test_a_text_of_nothing_but_marks_is_refused_by_name():
    with pytest.raises(TextTooComplex) as refused:
        markdown.render("*_" * 90_000)

    assert (refused.value.field, refused.value.code) == ("body", "text_too_complex")


def test_a_long_article_is_rendered_whole():
    paragraph = 'She *threw* the `clay` and said: "[Look](https://example.com/clay)!" (It was wet.)\n\n'

    story = markdown.render(f"## Clay\n\n{paragraph}" * 1000)

    assert len(story.toc) == 1000
    assert story.html.count("“<a href=") == 1000


def test_two_texts_are_rendered_at_the_same_time(monkeypatch):
    """The first stops in the middle until the second is done; with a lock between them neither would end."""
    inside, done = threading.Event(), threading.Event()
    draw = markdown.highlighting.highlight

    def slow(code, language, seconds):
        inside.set()
        assert done.wait(10)
        return draw(code, language, seconds)

    monkeypatch.setattr(markdown.highlighting, "highlight", slow)
    first = threading.Thread(target=markdown.render, args=("```python\na\n```",))
    first.start()
    assert inside.wait(10)

    assert markdown.render("*b*").html == "<p><em>b</em></p>\n"

    done.set()
    first.join(10)
    assert not first.is_alive()
