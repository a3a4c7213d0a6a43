"""Spam score of a text. Pure functions.

`accounts.moderation.services.spam` collects and stores the signals.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# From HOLD on somebody looks first, from REFUSE on it is not taken.
HOLD_SCORE: Final = 40
REFUSE_SCORE: Final = 90
MAX_SCORE: Final = 100

FREE_LINKS, LINK_POINTS, MAX_LINK_POINTS = 1, 20, 80
BUSY_AT, BUSY_POINTS = 5, 30
HECTIC_AT, HECTIC_POINTS = 15, 80
DUPLICATE_POINTS, MAX_DUPLICATE_POINTS = 45, 70  # alone they make a text wait and no more
NEW_POINTS: Final = 15
FAST_BELOW, FAST_POINTS = 3.0, 30
LOUD_FROM, LOUD_SHARE, LOUD_POINTS = 30, 0.7, 15
# Shorter texts are alike by nature: "Thanks!"
MIN_FINGERPRINT_LENGTH: Final = 32

LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)
WORDS = re.compile(r"[^\w]+")
NUMBERS = re.compile(r"\d+")


class Outcome(StrEnum):
    FINE = "fine"
    HELD = "held"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class SubmissionContext:
    """How a text was sent: network, whether the honeypot field was filled, and how fast."""

    network: str = ""
    trapped: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SpamSignals:
    """Signals of a text. `lately` counts texts of the author or network in the last hour, `twins` the same text by
    anybody in the last days.
    """

    text: str
    words: Mapping[str, int]
    lately: int = 0
    twins: int = 0
    is_new: bool = False
    how: SubmissionContext = SubmissionContext()


@dataclass(frozen=True, slots=True)
class SpamScore:
    """A score up to 100, with reasons."""

    score: int = 0
    reasons: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        if self.score >= REFUSE_SCORE:
            return Outcome.REFUSED
        return Outcome.HELD if self.score >= HOLD_SCORE else Outcome.FINE


def score(signals: SpamSignals) -> SpamScore:
    """Return the spam score of the signals."""
    found = {reason: points for reason, points in _compute_points(signals).items() if points}
    return SpamScore(min(sum(found.values()), MAX_SCORE), tuple(found))


def fingerprint(text: str) -> str:
    """Return the same digest for texts that differ in case, accents, punctuation, spaces or numbers; "" for short
    texts.
    """
    plain = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    kept = WORDS.sub(" ", NUMBERS.sub("", bare)).strip()
    return hashlib.sha256(kept.encode()).hexdigest() if len(kept) >= MIN_FINGERPRINT_LENGTH else ""


def _compute_points(signals: SpamSignals) -> dict[str, int]:
    how = signals.how
    links = len(LINK.findall(signals.text))
    return {
        "trap": MAX_SCORE if how.trapped else 0,
        "too_fast": FAST_POINTS if how.seconds is not None and how.seconds < FAST_BELOW else 0,
        "links": min(max(0, links - FREE_LINKS) * LINK_POINTS, MAX_LINK_POINTS),
        "words": _score_words(signals.text, signals.words),
        "rate": HECTIC_POINTS if signals.lately >= HECTIC_AT else BUSY_POINTS if signals.lately >= BUSY_AT else 0,
        "duplicate": min(DUPLICATE_POINTS * signals.twins, MAX_DUPLICATE_POINTS),
        "new_account": NEW_POINTS if signals.is_new else 0,
        "loud": LOUD_POINTS if _is_loud(signals.text) else 0,
    }


def _score_words(text: str, words: Mapping[str, int]) -> int:
    """Match whole words and phrases only."""
    said = f" {WORDS.sub(' ', unicodedata.normalize('NFKC', text).casefold()).strip()} "
    return sum(points for word, points in words.items() if f" {WORDS.sub(' ', word.casefold()).strip()} " in said)


def _is_loud(text: str) -> bool:
    letters = [sign for sign in text if sign.isalpha()]
    return len(letters) >= LOUD_FROM and sum(sign.isupper() for sign in letters) / len(letters) >= LOUD_SHARE
