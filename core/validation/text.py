"""Tell what a reader can see in a text from what hides in it.

`str.strip()`, `str.isspace()` and `str.isprintable()` answer other questions: the first two know nothing of
zero-width characters and fillers, the last refuses the joiners that Persian and Sinhala words are spelled with.
All functions take linear time.
"""

import re
import unicodedata

from django.http import QueryDict

# Planes end with two noncharacters each; U+FFFE and U+FFFF are what XML parsers stop at.
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_CONTROLS = "\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f"
_VARIATION_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINERS = "\u200c\u200d"

# What shows nothing, beside spaces and line breaks: controls, surrogates, noncharacters, Unicode's
# Default_Ignorable_Code_Point (zero-width characters, direction marks, byte order mark, soft hyphen, variation
# selectors, tags, Hangul fillers), the braille blank, anchors of annotations and embedded objects, and the formats of
# Egyptian, shorthand and music. Not here: Arabic, Syriac and Kaithi signs of category Cf, which are drawn.
_INVISIBLE = (
    f"{_CONTROLS}\ud800-\udfff{_NONCHARACTERS}{_VARIATION_SELECTORS}"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0"
    "\ufff0-\ufffc\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_NOT_BLANK = re.compile(rf"[^\s{_INVISIBLE}]")

# What acts on the line around it or cannot be part of a document. The marks U+200E, U+200F and U+061C are not here:
# they turn no neighbours round and stand in honest Hebrew and Arabic texts.
_CONTROL = re.compile(
    rf"[\t\n\r{_CONTROLS}\ud800-\udfff{_NONCHARACTERS}\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\U000e0001]"
)

# Invisible characters that spell something come first, so that the last alternative does not take them.
_REMOVABLE = re.compile(
    "(?P<flag>\U0001f3f4[\U000e0020-\U000e007e]{1,6}\U000e007f)"
    rf"|(?P<selector>(?<=[^\s{_INVISIBLE}])[{_VARIATION_SELECTORS}])"
    rf"|(?P<joiner>(?<=[^\s{_INVISIBLE}])[{_JOINERS}]+(?=[^\s{_INVISIBLE}]))"
    rf"|(?P<emoji_joiner>(?<=[{_VARIATION_SELECTORS}])[{_JOINERS}]+(?=[^\s{_INVISIBLE}]))"
    rf"|[{_INVISIBLE}]"
)
_NOT_STORABLE = re.compile("[\u0000\ud800-\udfff]")


def has_visible_text(text: str) -> bool:
    """Return whether a reader sees anything: a letter, digit, sign or emoji.

    False for spaces, zero-width and bidirectional characters, fillers, variation selectors, tags and combining
    marks without a base, however many. Use it where a text must not be empty.
    """
    return any(unicodedata.category(found[0])[0] != "M" for found in _NOT_BLANK.finditer(text))


def contains_control_characters(text: str, *, allow: str = "") -> bool:
    r"""Return whether the text has characters that act on the text around them, except those in `allow`.

    These are C0 and C1 controls (line breaks and tabs too), line and paragraph separators, bidirectional
    embeddings, overrides and isolates, lone surrogates and noncharacters. For one line (a name, a title, a
    subject) call it as it is; for text of several lines pass `allow="\n\r\t"`.
    """
    return any(found[0] not in allow for found in _CONTROL.finditer(text))


def contains_invisible_characters(text: str) -> bool:
    """Return whether `strip_invisible` would remove something. For identifiers that must be unambiguous."""
    return strip_invisible(text) != text


def strip_invisible(text: str) -> str:
    """Remove what pasting leaves behind: direction marks, byte order marks, soft hyphens, fillers, controls.

    Spaces, tabs and line breaks stay. So do invisible characters that spell something: a joiner between two
    visible characters, a variation selector after its sign, and the tags of a flag.
    """
    return _REMOVABLE.sub(_keep_spelling, text)


def is_storable(text: str) -> bool:
    """Return whether PostgreSQL can hold the text: no NUL, and no surrogate without its other half."""
    return _NOT_STORABLE.search(text) is None


def _keep_spelling(found: re.Match[str]) -> str:
    if found.lastgroup in {"joiner", "emoji_joiner"}:
        return found[0][0]
    return found[0] if found.lastgroup else ""


def one_line(text: object) -> str:
    """Return the text without any of the characters that end a line somewhere."""
    return " ".join(str(text).split())


def malformed_field(fields: QueryDict, *more: tuple[str, list[str]]) -> str | None:
    """Return the name of the first field whose name or value cannot be kept, cut to what can be shown."""
    for name, values in (*fields.lists(), *more):
        if not is_storable(name) or not all(isinstance(value, str) and is_storable(value) for value in values):
            return "".join(filter(is_storable, name))[:100]
    return None
