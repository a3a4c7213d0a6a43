"""The text of a message as HTML: what was typed is what is shown, and links lead where they were typed to lead."""

import time
from html.parser import HTMLParser

import pytest

from chat.messages.rendering import render


class Links(HTMLParser):
    """Reads what a browser would: each link's address and text, and all text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append((dict(attrs)["href"] or "", ""))

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.links and self.lasttag == "a":
            href, text = self.links[-1]
            self.links[-1] = (href, text or data)


@pytest.mark.parametrize(
    "address",
    [
        "https://shop.example/p?variant=2&currency=EUR",
        "https://shop.example/p?a=1&copy=2&reg=3&amp;x=4&lt=5",
        "http://localhost:8000/a_b-c~d/?q=%C3%A9&list[]=1#top",
        "HTTPS://Shop.Example/A",
        "https://example.com/docs/日本語",
        "https://en.wikipedia.org/wiki/Glaze_(ceramics)",
    ],
)
def test_an_address_leads_exactly_where_it_was_typed(address):
    page = Links(render(f"See {address} please"))

    assert page.links == [(address, address)]
    assert page.text == f"See {address} please"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.com/docs，谢谢。", "https://example.com/docs"),
        ("链接https://example.com/docs。", "https://example.com/docs"),
        ("「https://example.com/」", "https://example.com/"),
        ("（https://example.com/a）", "https://example.com/a"),
        ("(see https://example.com/a).", "https://example.com/a"),
        ("«https://example.com/a»", "https://example.com/a"),
        ("“https://example.com/a”", "https://example.com/a"),
        ("https://example.com/a؟", "https://example.com/a"),
        ("https://example.com/a।", "https://example.com/a"),
        ("Is it https://example.com/a?", "https://example.com/a"),
        ("https://example.com/\u202egnp.exe", "https://example.com/"),
        ("https://example.com/a\u200b.", "https://example.com/a"),
        ("https://example.com/a\nnext", "https://example.com/a"),
    ],
)
def test_an_address_ends_before_the_marks_of_the_sentence(text, address):
    assert [href for href, _text in Links(render(text)).links] == [address]


def test_an_address_without_a_scheme_begins_with_www():
    page = Links(render("www.example.com, README.md, example.com and www."))

    assert page.links == [("http://www.example.com", "www.example.com")]


def test_an_e_mail_address_can_be_written_to():
    assert Links(render("hello@shop.example!")).links == [("mailto:hello@shop.example", "hello@shop.example")]


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,x", "http://", "https://.", "xhttps://a.example"]
)
def test_what_is_no_web_address_is_plain_text(text):
    assert Links(render(text)).links == []


@pytest.mark.parametrize(
    "text",
    [
        "https://" * 1250,
        "https://x/" + ")" * 9990,
        "https://x/" + "." * 9990,
        "(" * 10_000,
        "a" * 10_000,
        "a@" * 5000,
        "x@" + "a." * 4999,
        "www." * 2500,
        "'\" " * 3333,
        "&" * 10_000,
    ],
)  # fmt: skip
def test_the_longest_message_is_rendered_at_once(text):
    began = time.process_time()
    render(text)

    assert time.process_time() - began < 0.5
