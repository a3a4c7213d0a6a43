"""Addresses in a text begin at their scheme and end where a reader would end them."""

import pytest

from core.content.links import MAX_ADDRESS, find_links


def found(text):
    return [(text[link.start : link.end], link.href) for link in find_links(text)]


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("https://example.com/docs，谢谢。", "https://example.com/docs"),
        ("请看https://example.com/a。再见", "https://example.com/a"),
        ("（https://example.com/a）", "https://example.com/a"),
        ("「https://example.com/a」です", "https://example.com/a"),
        ("https://example.com/a、次", "https://example.com/a"),
        ("“https://example.com/a”", "https://example.com/a"),
        ("(https://en.wikipedia.org/wiki/Raku_(ware)).", "https://en.wikipedia.org/wiki/Raku_(ware)"),
        ("See https://example.com/a!?", "https://example.com/a"),
        ("https://example.com/हिन्दी/लेख", "https://example.com/हिन्दी/लेख"),
        ("https://shop.example/p?variant=2&currency=EUR", "https://shop.example/p?variant=2&currency=EUR"),
        ("http://a.example/?list[]=1#top", "http://a.example/?list[]=1#top"),
        ("[see https://a.example/x]", "https://a.example/x"),
        ("https://a.example/x[^1]", "https://a.example/x"),
        ("https://a.example/x؟", "https://a.example/x"),
        ("https://a.example/x।", "https://a.example/x"),
        ("HTTP://EXAMPLE.COM", "HTTP://EXAMPLE.COM"),
        ("http://localhost:8000/x", "http://localhost:8000/x"),
    ],
)
def test_an_address_is_the_part_a_reader_would_copy(text, typed):
    assert found(text) == [(typed, typed)]


def test_www_and_mailto_begin_an_address_too():
    assert found("www.example.com/a, mailto:a@example.com.") == [
        ("www.example.com/a", "http://www.example.com/a"),
        ("mailto:a@example.com", "mailto:a@example.com"),
    ]


@pytest.mark.parametrize(
    "text", ["README.md", "a@example.com", "xhttp://example.com", "http://", "www.", "javascript:alert(1)", "ftp://a.b"]
)
def test_nothing_else_is_an_address(text):
    assert found(text) == []


def test_two_addresses_without_a_space_between_are_two():
    assert [typed for typed, _ in found("http://a.example、http://b.example")] == [
        "http://a.example",
        "http://b.example",
    ]


def test_what_is_too_long_for_an_address_is_text():
    assert found("http://example.com/" + "a" * MAX_ADDRESS) == []
