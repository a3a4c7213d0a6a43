"""Turn the text of a message into HTML that is safe to show. Pure.

Text is not HTML: an address leads exactly where it was typed. Django's `urlize` unescapes entities in it (`&curren`
of `&currency=` becomes a currency sign) and takes whole words of languages that put no spaces between them.
"""

import re
from collections.abc import Iterator

from django.utils.html import escape, linebreaks
from django.utils.safestring import SafeString, mark_safe

# What ends an address: white space, control and invisible characters, quotation marks and angle brackets, and the
# punctuation of Chinese, Japanese and Korean, which follows a word without a space.
_INVISIBLE = (
    "\u0000-\u0020\u007f-\u00a0\u00ad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\ufeff\ufff0-\uffff"
)
_QUOTES = '<>"\u00ab\u00bb\u2018-\u201f\u2026\u2039\u203a'
_CJK = (
    "\u3000-\u3004\u3008-\u3020\u3030\u303d\ufe10-\ufe1f\ufe30-\ufe6b"
    "\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65"
)
_URL = re.compile(rf"(?<![A-Za-z0-9])(?:https?://|www\.)[^{_INVISIBLE}{_QUOTES}{_CJK}]+", re.IGNORECASE)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9.!#$%&'*+/=?^_`{|}~@-])[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}(?![A-Za-z0-9@-])"
)
_HOST = re.compile(r"(?:https?://|(?=www\.[^./?#]+\.))[^\s/?#.]", re.IGNORECASE)
# Marks that end a sentence rather than the address before them, in any script.
_TRAILING = ".,:;!?'*|\\\u037e\u0589\u05c3\u060c\u061b\u061f\u06d4\u0964\u0965\u104a\u104b\u1362-\u1368\u17d4\u17d5"
_PAIRS = {")": "(", "]": "[", "}": "{"}


def render(body: str) -> str:
    """Return escaped text with its line breaks kept and its addresses made into links; "" for "" ."""
    return str(linebreaks(_link(body), autoescape=False)) if body else ""


def _link(text: str) -> SafeString:
    return mark_safe("".join(_parts(text)))


def _parts(text: str) -> Iterator[str]:
    """Yield the text as HTML. Each character is looked at a bounded number of times."""
    end = 0
    for start, typed, href in _addresses(text):
        yield str(escape(text[end:start]))
        yield f'<a href="{escape(href)}" rel="nofollow">{escape(typed)}</a>'
        end = start + len(typed)
    yield str(escape(text[end:]))


def _addresses(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield each address with its place and what it leads to."""
    end = 0
    for found in _URL.finditer(text):
        yield from _emails(text, end, found.start())
        typed = _without_trailing(found.group())
        end = found.end()
        if _HOST.match(typed):
            scheme = "https://" if typed[:4].lower() == "www." else ""
            yield found.start(), typed, scheme + typed
    yield from _emails(text, end, len(text))


def _emails(text: str, start: int, end: int) -> Iterator[tuple[int, str, str]]:
    for found in _EMAIL.finditer(text, start, end):
        yield found.start(), found.group(), f"mailto:{found.group()}"


def _without_trailing(address: str) -> str:
    """Cut marks that belong to the sentence: full stops, commas, and brackets that were opened outside."""
    surplus = {close: address.count(close) - address.count(opening) for close, opening in _PAIRS.items()}
    end = len(address)
    while end:
        last = address[end - 1]
        if surplus.get(last, 0) > 0:
            surplus[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return address[:end]
