"""JSON from outside is read within bounds, and what is refused is said in words."""

import pytest

from core.validation.json_input import MAX_DEPTH, MAX_NUMBER_LENGTH, InvalidJSON, parse_json


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def test_what_is_json_is_read() -> None:
    honest = {
        '{"a": [1, -2.5, true, null, "\\ud83d\\ude00"]}': {"a": [1, -2.5, True, None, "😀"]},
        '"x"': "x",
        "0": 0,
        nested(MAX_DEPTH): eval(nested(MAX_DEPTH)),
        "9" * MAX_NUMBER_LENGTH: int("9" * MAX_NUMBER_LENGTH),
        '{"\\u0001": "\\u202e"}': {"\x01": "\u202e"},
    }

    assert {text: parse_json(text) for text in honest} == honest
    assert parse_json('{"ü": 1}'.encode()) == {"ü": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (nested(MAX_DEPTH + 1), "nested deeper than 32"),
        ("[" * 100_000, "nested deeper than 32"),
        ('{"a":' * 100_000, "nested deeper than 32"),
        ("9" * (MAX_NUMBER_LENGTH + 1), "more than 64 digits"),
        ("9" * 100_000, "more than 64 digits"),
        ("0." + "9" * 100_000, "more than 64 digits"),
        ("1e999", "too large"),
        ("NaN", "NaN is not a number"),
        ("[-Infinity]", "-Infinity is not a number"),
        ('"\\u0000"', "NUL"),
        ('{"\\u0000": 1}', "NUL"),
        ('["\\ud800"]', "surrogate"),
        ('{"a": {"b": ["\\udfff x"]}}', "surrogate"),
        ("", "not JSON"),
        ("{", "not JSON"),
        ("{} {}", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
    ],
)
def test_what_is_not_taken_is_refused_in_words(text: str | bytes, words: str) -> None:
    with pytest.raises(InvalidJSON, match=words):
        parse_json(text)
