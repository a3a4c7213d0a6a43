"""Typographic quotation marks, dashes and ellipses in a parsed Markdown text, in one pass.

It replaces markdown-it's own two rules: its quotation marks take quadratic time, and its replacements turn `(c)` into a
copyright sign, which breaks lists of the form (a), (b), (c).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_core import StateCore
from markdown_it.rules_core.replacements import RARE_RE, replace_rare
from markdown_it.token import Token

APOSTROPHE = "’"
MARKS = {'"': ("“", "”"), "'": ("‘", "’")}
BREAKS = ("softbreak", "hardbreak")


def apply(state: StateCore) -> None:
    """A core rule, to run after links are known: what an address says is never changed."""
    for token in state.tokens:
        children = token.children or []
        if token.type != "inline":
            continue
        if RARE_RE.search(token.content):
            replace_rare(children)
        if '"' in token.content or "'" in token.content:
            _Quotes(children).replace()


@dataclass(slots=True)
class _Opener:
    token: int
    at: int
    mark: str
    level: int


@dataclass(slots=True)
class _Quotes:
    """Pairs the marks of one paragraph. `openers` are those not closed yet, with the places in it of each kind."""

    tokens: Sequence[Token]
    openers: list[_Opener] = field(default_factory=list)
    places: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    letters: dict[int, list[str]] = field(default_factory=dict)

    def replace(self) -> None:
        addresses = 0
        for index, token in enumerate(self.tokens):
            if token.info == "auto":
                addresses += token.nesting
            while self.openers and self.openers[-1].level > token.level:
                self._drop()
            if token.type == "text" and not addresses:
                self._replace_in(index, token)
        for index, letters in self.letters.items():
            self.tokens[index].content = "".join(letters)

    def _replace_in(self, index: int, token: Token) -> None:
        text = token.content
        for at, mark in _marks(text):
            before = text[at - 1] if at else self._neighbour(range(index - 1, -1, -1), -1)
            after = text[at + 1] if at + 1 < len(text) else self._neighbour(range(index + 1, len(self.tokens)), 0)
            can_open, can_close = _sides(before, after, mark)
            if can_close and self._close(index, at, mark, token.level):
                continue
            if can_open:
                self.places.setdefault((mark, token.level), []).append(len(self.openers))
                self.openers.append(_Opener(index, at, mark, token.level))
            elif mark == "'":
                self._set(index, at, APOSTROPHE)

    def _close(self, index: int, at: int, mark: str, level: int) -> bool:
        places = self.places.get((mark, level))
        if not places:
            return False
        place = places[-1]
        opener = self.openers[place]
        while len(self.openers) > place:
            self._drop()
        self._set(opener.token, opener.at, MARKS[mark][0])
        self._set(index, at, MARKS[mark][1])
        return True

    def _drop(self) -> None:
        opener = self.openers.pop()
        self.places[opener.mark, opener.level].pop()

    def _set(self, index: int, at: int, mark: str) -> None:
        if index not in self.letters:
            self.letters[index] = list(self.tokens[index].content)
        self.letters[index][at] = mark

    def _neighbour(self, indexes: range, end: int) -> str:
        """The character beside a mark that begins or ends its piece of text; a space at the end of a line."""
        for index in indexes:
            if self.tokens[index].type in BREAKS:
                break
            if self.tokens[index].content:
                return self.tokens[index].content[end]
        return " "


def _marks(text: str) -> Iterator[tuple[int, str]]:
    return ((at, letter) for at, letter in enumerate(text) if letter in MARKS)


def _sides(before: str, after: str, mark: str) -> tuple[bool, bool]:
    """Whether a mark can open and can close a quotation, by CommonMark's rules for runs of delimiters."""
    punctuation_before, punctuation_after = _is_punctuation(before), _is_punctuation(after)
    space_before, space_after = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
    can_open = not (space_after or (punctuation_after and not (space_before or punctuation_before)))
    can_close = not (space_before or (punctuation_before and not (space_after or punctuation_after)))
    if mark == after == '"' and "0" <= before <= "9":
        return False, False  # inches: 1""
    if can_open and can_close:
        return punctuation_before, punctuation_after
    return can_open, can_close


def _is_punctuation(letter: str) -> bool:
    return isMdAsciiPunct(ord(letter)) or isPunctChar(letter)
