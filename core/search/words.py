"""Widens a search to beginnings of words and to words with a typing error.

A word that begins no indexed word is compared with those that share most trigrams with it; the edit distance decides.
"""

import re
import unicodedata
from collections.abc import Sequence

from django.db import connection, transaction

from core.search.models import SearchWord

MAX_WORDS = 8
NEIGHBOURS = 24  # words with the most shared trigrams that are compared
SIMILAR_WORDS = 4  # of those, at most so many widen a query
MIN_CORRECTED_LENGTH = 4
MIN_LENGTH_FOR_TWO_ERRORS = 8

OPERATORS = re.compile(r"\"|(?:^|\s)-\w|\bor\b", re.IGNORECASE)
WORD = re.compile(r"[^\W_]+")

COLLECT = """
    INSERT INTO core_searchword (word)
    SELECT DISTINCT lexeme COLLATE "C" FROM core_searchdocument AS document,
        unnest(to_tsvector('simple', concat_ws(' ', document.title, document.summary, document.body)))
    WHERE kind = %s AND public_id = ANY(%s) AND lexeme ~ '^[[:alpha:]]+$' AND length(lexeme) BETWEEN 3 AND %s
    ORDER BY 1
    ON CONFLICT DO NOTHING
"""
# Keeps out an indexer that has found a word in the table and has not committed its document yet.
LOCK = "LOCK TABLE core_searchword IN SHARE ROW EXCLUSIVE MODE"
PRUNE = """
    DELETE FROM core_searchword WHERE word IN (
        SELECT word FROM core_searchword EXCEPT
        SELECT lexeme COLLATE "C" FROM core_searchdocument AS document,
            unnest(to_tsvector('simple', concat_ws(' ', document.title, document.summary, document.body)))
    )
"""
# The nearest indexed words to each word that is not the beginning of one; both sides are answered by an index.
NEAREST = """
    SELECT asked.word, near.word FROM unnest(%s::text[]) AS asked (word)
    CROSS JOIN LATERAL (
        SELECT core_searchword.word FROM core_searchword ORDER BY core_searchword.word <-> asked.word LIMIT %s
    ) AS near
    WHERE NOT EXISTS (
        SELECT 1 FROM core_searchword AS known
        WHERE known.word >= asked.word COLLATE "C" AND known.word < (asked.word || %s) COLLATE "C"
    )
"""
AFTER_ALL_LETTERS = "\U0010ffff"


def collect(kind: str, public_ids: Sequence[str]) -> None:
    """Add the words of these documents, in one order, so that two writers never wait for each other in a circle."""
    with connection.cursor() as cursor:
        cursor.execute(COLLECT, [kind, list(public_ids), SearchWord.MAX_LENGTH])


@transaction.atomic
def prune() -> int:
    """Forget the words that no document has any more; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(PRUNE)
        return int(cursor.rowcount)


def widen(q: str) -> str:
    """A tsquery that also finds beginnings and typing errors of the words of `q`; "" where it says how to search.

    One query. Every match of the plain words is among its matches.
    """
    q = unicodedata.normalize("NFC", q.lower())
    if OPERATORS.search(q) or any(map(unicodedata.combining, q)):
        return ""
    words = list(dict.fromkeys(WORD.findall(q)))[:MAX_WORDS]
    if not words:
        return ""
    similar = _similar([word for word in words if len(word) >= MIN_CORRECTED_LENGTH])
    return " & ".join(f"({' | '.join([f'{word}:*', *similar.get(word, [])])})" for word in words)


def _similar(words: Sequence[str]) -> dict[str, list[str]]:
    wanted = [word for word in words if len(word) <= SearchWord.MAX_LENGTH]
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(NEAREST, [wanted, NEIGHBOURS, AFTER_ALL_LETTERS])
        rows = cursor.fetchall()
    found: dict[str, list[tuple[int, str]]] = {}
    for asked, near in rows:
        errors = min(distance(asked, near), distance(asked, near[: len(asked)]))
        if errors <= _allowed(asked):
            found.setdefault(asked, []).append((errors, near))
    return {asked: [near for _errors, near in sorted(nearest)[:SIMILAR_WORDS]] for asked, nearest in found.items()}


def _allowed(word: str) -> int:
    return 2 if len(word) >= MIN_LENGTH_FOR_TWO_ERRORS else 1


def distance(first: str, second: str) -> int:
    """How many letters to insert, delete, change or swap with their neighbour (optimal string alignment)."""
    before_last: list[int] = []
    last = list(range(len(second) + 1))
    for row, letter in enumerate(first, start=1):
        current = [row]
        for column, other in enumerate(second, start=1):
            cost = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == second[column - 2] and first[row - 2] == other:
                cost = min(cost, before_last[column - 2] + 1)
            current.append(cost)
        before_last, last = last, current
    return last[-1]
