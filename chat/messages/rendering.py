"""Render the text of a message as safe HTML. No database access.

The text is not HTML, so a link must lead exactly where it was typed. Django's `urlize` unescapes entities (`&curren` of
`&currency=` becomes a currency sign) and links whole words in languages without spaces.
"""

import re
from collections.abc import Iterator

from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString, mark_safe

from core.content import links

# Increment when the output of `render` changes. Older messages are then rendered again.
VERSION = 1

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-])[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}(?![A-Za-z0-9@-])"
)


def render(body: str) -> str:
    """Return escaped HTML with line breaks and links; "" for ""."""
    return str(linebreaks(_link(body), autoescape=False)) if body else ""


def _link(text: str) -> SafeString:
    return mark_safe("".join(_split_links(text)))


def _split_links(text: str) -> Iterator[str]:
    """Yield the text as HTML, in linear time."""
    end = 0
    for link in _link_urls(text):
        yield str(escape(text[end : link.start]))
        yield f'<a href="{escape(link.href)}" rel="nofollow">{escape(text[link.start : link.end])}</a>'
        end = link.end
    yield str(escape(text[end:]))


def _link_urls(text: str) -> Iterator[links.Link]:
    """Yield web addresses as links, and the text between them with email links."""
    end = 0
    for link in links.find_links(text):
        yield from _link_emails(text, end, link.start)
        yield link
        end = link.end
    yield from _link_emails(text, end, len(text))


def _link_emails(text: str, start: int, end: int) -> Iterator[links.Link]:
    for found in _EMAIL.finditer(text, start, end):
        yield links.Link(found.start(), found.end(), f"mailto:{found.group()}")
