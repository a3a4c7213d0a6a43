"""How much a text looks like spam: points with their reasons, from what is known of it. Pure.

`accounts.moderation.services.spam` gathers the signals and keeps the traces.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# From HOLD on somebody looks first, from REFUSE on it is not taken.
HOLD: Final = 40
REFUSE: Final = 90
MOST: Final = 100

FREE_LINKS, LINK_POINTS, MOST_FOR_LINKS = 1, 20, 80
BUSY_AT, BUSY_POINTS = 5, 30
HECTIC_AT, HECTIC_POINTS = 15, 80
TWIN_POINTS, MOST_FOR_TWINS = 45, 70  # alone they make a text wait and no more
NEW_POINTS: Final = 15
FAST_BELOW, FAST_POINTS = 3.0, 30
LOUD_FROM, LOUD_SHARE, LOUD_POINTS = 30, 0.7, 15
# Shorter texts are alike by nature: "Thanks!"
TELLING: Final = 32

LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)
WORDS = re.compile(r"[^\w]+")
NUMBERS = re.compile(r"\d+")


class Outcome(StrEnum):
    FINE = "fine"
    HELD = "held"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How something was sent: from which network, whether a field was filled that people do not see, how fast."""

    network: str = ""
    trapped: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of a text. `lately` is what its author or network wrote in the last hour, `twins` how often the
    same was said by whomever in the last days.
    """

    text: str
    words: Mapping[str, int]
    lately: int = 0
    twins: int = 0
    is_new: bool = False
    how: Circumstances = Circumstances()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Points up to a hundred, and what they are for."""

    score: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        if self.score >= REFUSE:
            return Outcome.REFUSED
        return Outcome.HELD if self.score >= HOLD else Outcome.FINE


def judge(signals: Signals) -> Verdict:
    """What the signals come to."""
    found = {reason: points for reason, points in _points(signals).items() if points}
    return Verdict(min(sum(found.values()), MOST), tuple(found))


def fingerprint(text: str) -> str:
    """The same for texts that differ in case, accents, signs, spaces or numbers; "" for one too short to tell."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    kept = WORDS.sub(" ", NUMBERS.sub("", bare)).strip()
    return hashlib.sha256(kept.encode()).hexdigest() if len(kept) >= TELLING else ""


def _points(signals: Signals) -> dict[str, int]:
    how = signals.how
    links = len(LINK.findall(signals.text))
    return {
        "trap": MOST if how.trapped else 0,
        "too_fast": FAST_POINTS if how.seconds is not None and how.seconds < FAST_BELOW else 0,
        "links": min(max(0, links - FREE_LINKS) * LINK_POINTS, MOST_FOR_LINKS),
        "words": _for_words(signals.text, signals.words),
        "rate": HECTIC_POINTS if signals.lately >= HECTIC_AT else BUSY_POINTS if signals.lately >= BUSY_AT else 0,
        "duplicate": min(TWIN_POINTS * signals.twins, MOST_FOR_TWINS),
        "new_account": NEW_POINTS if signals.is_new else 0,
        "loud": LOUD_POINTS if _is_loud(signals.text) else 0,
    }


def _for_words(text: str, words: Mapping[str, int]) -> int:
    """Whole words and phrases only: "class" holds no bad word."""
    said = f" {WORDS.sub(' ', unicodedata.normalize('NFKC', text).casefold()).strip()} "
    return sum(points for word, points in words.items() if f" {WORDS.sub(' ', word.casefold()).strip()} " in said)


def _is_loud(text: str) -> bool:
    letters = [sign for sign in text if sign.isalpha()]
    return len(letters) >= LOUD_FROM and sum(sign.isupper() for sign in letters) / len(letters) >= LOUD_SHARE
