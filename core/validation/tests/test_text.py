"""Invisible characters are found by what a reader sees, and words that need joiners keep them."""

import unicodedata

from core.validation.text import (
    contains_control_characters,
    contains_invisible_characters,
    has_visible_text,
    is_storable,
    strip_invisible,
)

PERSIAN = "می\u200cخواهم"
SINHALA = "ශ්\u200dරී"
FAMILY = "👩\u200d👩\u200d👧"
HEART = "❤\ufe0f\u200d🔥"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"

BLANK = [
    "", " ", "\t\r\n", "\u00a0", "\u3000", "\u2028", "\u0085",
    "\u200b", "\u2060", "\ufeff", "\u200c", "\u200d", "\u00ad", "\u034f", "\u180e", "\u2063",
    "\u3164", "\u115f", "\u1160", "\uffa0", "\u2800", "\u17b4", "\ufffc",
    "\u200e", "\u200f", "\u061c", "\u202a\u202c", "\u202e", "\u2066\u2069", "\u206a",
    "\ufe0f", "\ufe00", "\U000e0100", "\u180b", "\U000e0001", "\U000e0041\U000e007f", "\U000e0fff",
    "\u0000", "\u0007", "\u0090", "\ud800", "\udfff", "\ufffe", "\U0010ffff", "\ufdd0",
    "\u0301", "\u20dd\ufe0f", "\U0001d173", " \u200b\u3164\u2800\ufe0f ",
]  # fmt: skip
VISIBLE = [
    "a",
    ".",
    "0",
    "\u200bx",
    "é",
    "e\u0301",
    PERSIAN,
    SINHALA,
    FAMILY,
    HEART,
    SCOTLAND,
    "👍",
    "م",
    "\u0600",
    "ー",
    "한",
]


def test_texts_that_show_nothing_are_told_from_texts_that_do() -> None:
    wrong = [ascii(text) for text in BLANK if has_visible_text(text)]
    wrong += [ascii(text) for text in VISIBLE if not has_visible_text(text)]

    assert wrong == []


def test_every_space_control_surrogate_and_unseen_format_is_blank() -> None:
    drawn = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    unseen = {"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Me"}

    wrong = [
        hex(point)
        for point in range(0x110000)
        if unicodedata.category(chr(point)) in unseen and has_visible_text(chr(point)) != (chr(point) in drawn)
    ]

    assert wrong == []


def test_control_characters_are_found() -> None:
    controls = (
        "\u0000\u0007\t\n\u000b\r\u001f\u007f\u0085\u2028\u2029\u202a\u202d\u202e\u2066\u2069\u206f\ufff9\ufffe\ud800"
    )

    assert [ascii(character) for character in controls if not contains_control_characters(f"Bob{character}")] == []


def test_control_characters_are_not_found_in_honest_names() -> None:
    names = [*VISIBLE, "\u05d3\u05df\u200f (Dan)", "O'Neil\u2019s", "Zoë\u00a0B."]

    assert [ascii(name) for name in names if contains_control_characters(name)] == []


def test_allowed_controls_do_not_hide_others() -> None:
    assert not contains_control_characters("one\r\n\ttwo", allow="\r\n\t")
    assert contains_control_characters("one\r\n\ttwo\u202e", allow="\r\n\t")
    assert contains_control_characters("one\ntwo\u000b", allow="\n")


def test_pasted_marks_are_stripped() -> None:
    pasted = {
        "\u202a+49 30 1234567\u202c": "+49 30 1234567",
        "\ufeffMain\u00adstreet\u200e 5": "Mainstreet 5",
        "zw@example.org\u200b": "zw@example.org",
        "Bob\u202e\u0000\u000b": "Bob",
        "\u200dBob \u200c": "Bob ",
        "a\ufe0f\ufe0f": "a\ufe0f",
        "a\u200c\u200cb": "a\u200cb",
        "\U000e0041spy\U000e0042": "spy",
    }

    assert {given: strip_invisible(given) for given in pasted} == pasted
    assert [ascii(given) for given in pasted if not contains_invisible_characters(given)] == []


def test_what_spells_a_word_or_a_sign_stays() -> None:
    spelled = [
        PERSIAN,
        SINHALA,
        FAMILY,
        HEART,
        SCOTLAND,
        "1\ufe0f\u20e3",
        "葛\U000e0100",
        "two\r\nlines\tof  text",
        "e\u0301",
    ]

    assert [strip_invisible(text) for text in spelled] == spelled


def test_only_nul_and_lone_surrogates_are_not_storable() -> None:
    assert [ascii(text) for text in ("a\u0000", "\ud800", "x\udc80y") if is_storable(text)] == []
    assert [ascii(text) for text in (*VISIBLE, "\u0001", "\u202e", "\ufffe") if not is_storable(text)] == []
