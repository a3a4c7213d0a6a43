"""Find the web addresses in a text that people typed: after `http://`, `https://`, `mailto:` or `www.` only.

One pass, linear in the length of the text. An address ends at white space, at quotation marks, at a bracket without its
partner, and at the punctuation of Chinese, Japanese and Korean, whose writers put no space after it. It begins at its
scheme, after any character, unless that makes the scheme another word (`xhttp://`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_ADDRESS = 2000

_START = re.compile(r"(?<![A-Za-z0-9+.\-])(?:https?://(?=\w)|www\.(?=\w)|mailto:(?=\w))", re.IGNORECASE)
# White space and control characters, what no address holds, typographic quotation marks and dashes, CJK punctuation,
# and the full-width forms of ASCII punctuation.
_END = re.compile(
    r"[\s\x00-\x20\x7f-\xa0\u200b\u2028-\u202e\u2066-\u2069\ufeff<>\"`|\\^{}"
    r"\u00ab\u00bb\u2013\u2014\u2018-\u201f\u2026\u2039\u203a"
    r"\u3000-\u3004\u3008-\u3020\u3030\u303d\u30fb"
    r"\ufe10-\ufe1f\ufe30-\ufe6b\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"
)
# Marks that end a sentence, in any script.
_TRAILING = (
    ".,:;!?'*_~\u037e\u0589\u05c3\u060c\u061b\u061f\u06d4\u0964\u0965\u104a\u104b"
    "\u1362\u1363\u1364\u1365\u1366\u1367\u1368\u17d4\u17d5"
)
_MAIL = re.compile(r"mailto:[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """An address in a text: `text[start:end]` is what was typed, `href` where it leads."""

    start: int
    end: int
    href: str


def find_links(text: str) -> Iterator[Link]:
    """The addresses of a text, in order. They do not overlap."""
    at = 0
    while found := _START.search(text, at):
        link = link_at(text, found.start())
        if link is not None:
            yield link
        at = link.end if link is not None else found.end()


def link_at(text: str, start: int) -> Link | None:
    """The address that begins exactly here, or None."""
    begins = _START.match(text, start)
    if begins is None:
        return None
    scheme = begins[0].lower()
    if scheme == "mailto:":
        mail = _MAIL.match(text, start)
        return Link(start, mail.end(), mail[0]) if mail else None
    limit = min(len(text), start + MAX_ADDRESS)
    stop = _END.search(text, begins.end(), limit)
    if stop is None and limit < len(text):
        return None
    end = _without_trailing(text, begins.end(), stop.start() if stop else limit)
    if end <= begins.end() or (scheme == "www." and "." not in text[begins.end() : end]):
        return None
    typed = text[start:end]
    return Link(start, end, f"http://{typed}" if scheme == "www." else typed)


def _without_trailing(text: str, start: int, end: int) -> int:
    """The end without punctuation of the sentence, and not beyond a bracket that has no partner in the address."""
    rounds, squares, opened = 0, 0, end
    for at in range(start, end):
        rounds += (text[at] == "(") - (text[at] == ")")
        if text[at] == "[":
            opened = opened if squares else at
        squares += (text[at] == "[") - (text[at] == "]")
        if rounds < 0 or squares < 0:
            end = at
            break
    if squares > 0:
        end = opened
    while end > start and text[end - 1] in _TRAILING:
        end -= 1
    return end
