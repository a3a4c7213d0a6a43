"""Markdown becomes HTML that cannot do harm, and marks for what is filled in later."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.content import markdown
from core.content.markdown import Heading

UID = "01920000-0000-7000-8000-00000000000a"

SHORT_ALLOWED = {"p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
STORY_ALLOWED = SHORT_ALLOWED | {
    *("h2", "h3", "h4", "h5", "h6", "hr", "table", "thead", "tbody", "tr", "th", "td", "sup", "section", "div", "span"),
    *("figure", "figcaption", "img"),
}
ATTRIBUTES = {
    "href",
    "title",
    "id",
    "rel",
    "src",
    "alt",
    "loading",
    "data-picture",
    "data-card",
    "start",
    "tabindex",
    "class",
}


class Reader(HTMLParser):
    """Every tag and attribute of a text, as a browser's parser would meet them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def assert_harmless(html, allowed):
    read = Reader(html)
    assert read.tags <= allowed
    for name, value in read.attributes:
        assert name in ATTRIBUTES
        if name in ("href", "src"):
            scheme = re.sub(r"[\x00-\x20]", "", value).partition(":")[0].lower()
            assert scheme not in ("javascript", "data", "vbscript", "file")


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](jav&#9;ascript:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "![x](javascript:alert(1))",
    '![x"onerror="alert(1)](/a.png)',
    '![x](/a.png "\\" onerror=alert(1)")',
    "<javascript:alert(1)>",
    "<svg/onload=alert(1)>",
    "<style>*{display:none}</style>",
    "<iframe src=//evil.example></iframe>",
    '```"><script>alert(1)</script>\nx\n```',
    "```html\n<script>alert(1)</script>\n```",
    "    <script>alert(1)</script>",
    ':::product X"><script>\n:::',
    ":::product <b>\n:::",
    f'![" data-x="](picture:{UID})',
    "## <img src=x onerror=alert(1)>",
    "[^1]\n\n[^1]: <script>alert(1)</script>",
    "| <script> |\n|--|\n| <b> |",
    '<div data-card="product:X"></div>',
    'http://evil.example/"onmouseover="alert(1)',
    "<!-- --><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_gets_through(attack):
    assert_harmless(markdown.render(attack).html, STORY_ALLOWED)
    assert_harmless(markdown.render_short(attack), SHORT_ALLOWED)


PIECES = st.sampled_from(
    [*ATTACKS, "# ", "> ", "- ", "\n", "\n\n", "`", "```", "*", "[", "](", ")", "!", ":::", "|", "<", ">", "&"]
)


@given(st.lists(PIECES | st.text(max_size=12), max_size=30).map("".join))
@example(":::gallery\n:::product A\n:::gallery")
def test_nothing_that_can_be_typed_is_harmful(source):
    assert_harmless(markdown.render(source).html, STORY_ALLOWED)
    assert_harmless(markdown.render_short(source), SHORT_ALLOWED)


@given(st.text(max_size=200))
def test_the_same_text_gives_the_same_story(source):
    assert markdown.render(source) == markdown.render(source)


@given(st.lists(st.text(alphabet="ab !é", max_size=5), min_size=1, max_size=12))
def test_every_heading_can_be_linked_to(words):
    story = markdown.render("".join(f"## x{word}\n\n" for word in words))

    ids = [heading.id for heading in story.toc]
    assert len(ids) == len(set(ids)) == len(words)
    assert all(identifier.startswith("h") and f'id="{identifier}"' in story.html for identifier in ids)


@given(st.lists(st.from_regex(r"[A-Z0-9][A-Z0-9._-]{0,20}", fullmatch=True), max_size=6))
def test_every_named_card_leaves_one_mark_in_its_place(skus):
    story = markdown.render("".join(f"Text.\n\n:::product {sku}\n:::\n\n" for sku in skus))

    assert markdown.CARD_MARK.findall(story.html) == [("product", sku) for sku in skus]
    assert story.cards == tuple(dict.fromkeys(("product", sku) for sku in skus))


def test_a_card_ends_where_it_says_and_text_inside_follows_it():
    story = markdown.render("Before.\n\n:::product BOWL-OAT\nInside.\n:::\n\nAfter.\n")

    assert story.html == '<p>Before.</p>\n<div data-card="product:BOWL-OAT"></div>\n<p>Inside.</p>\n<p>After.</p>\n'
    assert story.text == "Before.\nInside.\nAfter."


@pytest.mark.parametrize(
    "line", [":::product", ":::product A B", ":::PRODUCT A", "::: script", f":::product {'x' * 81}"]
)
def test_what_is_no_directive_is_text(line):
    story = markdown.render(f"{line}\n:::\n")

    assert story.cards == ()
    assert ":::" in story.text


def test_pictures_of_ours_are_marks_those_of_the_site_are_shown_and_others_are_links():
    story = markdown.render(f"A ![bowl](picture:{UID}) b ![mug](/m.png) c ![cup](https://else.example/c.png)")

    assert f'<img alt="bowl" data-picture="{UID}">' in story.html
    assert '<img src="/m.png" alt="mug" loading="lazy">' in story.html
    assert '<a href="https://else.example/c.png" rel="noopener">cup</a>' in story.html
    assert story.pictures == (UID,)


def test_a_picture_that_stands_alone_is_a_figure_with_its_title_below():
    story = markdown.render(f'![A bowl](picture:{UID} "Still wet")')

    assert story.html == (
        f'<figure><img alt="A bowl" data-picture="{UID}"><figcaption>Still wet</figcaption></figure>\n'
    )


def test_a_gallery_holds_its_pictures():
    story = markdown.render(f":::gallery\n![One](picture:{UID})\n![Two](/two.png)\n:::\n")

    assert story.html.startswith(
        f'<div class="gallery-block">\n<img alt="One" data-picture="{UID}"><img src="/two.png"'
    )
    assert story.html.endswith("</div>\n")


def test_code_is_coloured_by_class_names_and_can_be_scrolled_by_keyboard():
    story = markdown.render("```python\ndef fire(kiln): return 1240\n```")

    assert story.html.startswith('<pre tabindex="0"><code><span class="k">def</span>')
    assert "style=" not in story.html


def test_code_in_an_unknown_language_is_plain():
    assert markdown.render("```klingon\na < b\n```").html == '<pre tabindex="0"><code>a &lt; b\n</code></pre>\n'


def test_tables_keep_their_alignment_as_classes():
    html = markdown.render("| a | b |\n|:-:|--:|\n| 1 | 2 |").html

    assert '<th class="center">a</th>' in html
    assert '<td class="end">2</td>' in html
    assert "style=" not in html


def test_footnotes_lead_there_and_back():
    html = markdown.render("Fired twice.[^1]\n\n[^1]: Or three times.").html

    assert '<sup class="footnote-ref"><a href="#fn1" id="fnref1">[1]</a></sup>' in html
    assert '<li id="fn1"><p>Or three times. <a href="#fnref1" class="footnote-backref">' in html


def test_a_first_level_heading_gives_way_to_the_page_s_own():
    story = markdown.render("# Glazes\n\n### Ash\n\n#### Deeper")

    assert story.toc == (Heading(2, "h-glazes", "Glazes"), Heading(3, "h-ash", "Ash"))
    assert "<h1" not in story.html


def test_words_are_counted_in_text_and_code_but_not_in_marks():
    assert markdown.render("One *two*.\n\n:::product A-1\n:::\n\n`three` four").words == 4


def test_short_texts_have_no_headings_pictures_or_cards_and_keep_their_lines():
    html = markdown.render_short(f"# Big\nnext ![x](picture:{UID})\n\n:::product A\n:::")

    assert html.startswith("<p># Big<br>\nnext !<a ")
    assert "<h" not in html
    assert "data-" not in html


def test_links_of_anybody_pass_on_no_fame():
    html = markdown.render_short("See https://kiln.example/ash")

    assert html == (
        '<p>See <a href="https://kiln.example/ash" rel="ugc nofollow noopener noreferrer">https://kiln.example/ash</a></p>'
    )


@pytest.mark.parametrize("render", [lambda source: markdown.render(source).html, markdown.render_short])
def test_an_address_ends_at_cjk_punctuation_and_keeps_its_marks(render):
    html = render("看https://example.com/a_b_c?x=1&copy=2，谢谢。 **https://example.com/d** (www.example.com)")

    assert re.findall(r'href="([^"]*)"', html) == [
        "https://example.com/a_b_c?x=1&amp;copy=2",
        "https://example.com/d",
        "http://www.example.com",
    ]
    assert "</a>，谢谢。" in html
    assert "<em>" not in html


@pytest.mark.parametrize("text", ["README.md", "agora.py", "a@example.com", "example.com"])
def test_only_a_scheme_or_www_makes_a_link(text):
    assert markdown.render(text).html == f"<p>{text}</p>\n"
    assert markdown.render_short(text) == f"<p>{text}</p>"


def test_an_address_in_a_link_is_not_a_link_in_a_link():
    assert markdown.render("[a https://a.example](https://b.example)").html == (
        '<p><a href="https://b.example">a https://a.example</a></p>\n'
    )


def test_quotes_and_dashes_are_typographic_and_letters_in_brackets_stay():
    html = markdown.render("(a), (b), (c), (r), (tm): \"She 'said' so\" -- don't...").html

    assert html == "<p>(a), (b), (c), (r), (tm): “She ‘said’ so” – don’t…</p>\n"


def test_quotes_do_not_pair_across_emphasis_of_another_level():
    assert markdown.render('*"a* b" "c *d* e"').html == '<p><em>"a</em> b" “c <em>d</em> e”</p>\n'


def test_what_an_address_says_is_not_made_typographic():
    assert ">https://a.example/it's--here...x<" in markdown.render("https://a.example/it's--here...x").html


def test_empty_lines_in_code_stay():
    html = markdown.render("```python\n\n\na = 1\n\n\nb = 2\n\n\n```").html

    assert re.sub("<[^>]*>", "", html) == "\n\na = 1\n\n\nb = 2\n\n\n\n"


def test_headings_keep_their_marks_in_their_ids():
    assert markdown.render("## हिन्दी में लेख").toc == (Heading(2, "h-हिन्दी-में-लेख", "हिन्दी में लेख"),)


def test_characters_that_xml_cannot_hold_are_left_out():
    story = markdown.render("A\u000bB\ufffeC &#xFFFE; &#11;")

    assert re.search("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", story.html) is None
    assert story.html.startswith("<p>ABC ")
