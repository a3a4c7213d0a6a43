"""Markdown to HTML that is safe to keep, with no network, no database and no request.

What people write never becomes markup of its own: raw HTML is text, and the last step is a sanitiser that knows every
tag, attribute and class below. Two things are only marked here and filled when a page is shown, because they change
while the text stays: cards of other apps (`:::product SKU` … `:::`) and pictures (`![alt](picture:UID)`).
"""

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import nh3
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin
from mdit_py_plugins.footnote import footnote_plugin

from core.content import highlighting, links, typography
from core.errors import Invalid
from core.validation.slugs import make_slug
from core.validation.xml_text import drop_non_xml

# Rises when the same source gives other HTML: what is stored under an older one is rendered again.
VERSION = 3

# How much work the parser may do over one text, in steps of some microseconds. A book of 30,000 words takes half of
# it; a text made of nothing but marks reaches it in less than a second and is refused.
MAX_STEPS = 60_000
BLOCK_STEPS = 3  # what a block costs, and each cell of a table: several tokens

CARD = re.compile(r"([a-z]+)\s+([\w.-]{1,80})")
PICTURE = re.compile(r"picture:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
CARD_MARK = re.compile(r'<div data-card="([a-z]+):([\w.-]{1,80})"></div>')
PICTURE_MARK = re.compile(r'<img alt="([^"]*)" data-picture="([0-9a-f-]{36})">')

HEADINGS = ("h2", "h3", "h4", "h5", "h6")
TOC_TAGS = ("h2", "h3")
SHORT_TAGS = {"p", "br", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a"}
CELL_CLASSES = {"text-align:center": "center", "text-align:right": "end"}
SCHEMES = {"http", "https", "mailto", "tel"}

_story_cleaner = nh3.Cleaner(
    tags=SHORT_TAGS
    | {*HEADINGS, "hr", "table", "thead", "tbody", "tr", "th", "td", "sup", "section", "div", "span"}
    | {"figure", "figcaption", "img"},
    attributes={
        "a": {"href", "title", "id", "rel"},
        "img": {"src", "alt", "loading", "data-picture"},
        "div": {"data-card"},
        "li": {"id"},
        "ol": {"start"},
        "pre": {"tabindex"},
        "table": {"tabindex"},
        **{tag: {"id"} for tag in HEADINGS},
    },
    allowed_classes={
        "a": {"footnote-backref"},
        "div": {"gallery-block"},
        "hr": {"footnotes-sep"},
        "section": {"footnotes"},
        "span": highlighting.CLASSES,
        "sup": {"footnote-ref"},
        "td": set(CELL_CLASSES.values()),
        "th": set(CELL_CLASSES.values()),
    },
    url_schemes=SCHEMES,
    link_rel=None,
)
_short_cleaner = nh3.Cleaner(
    tags=SHORT_TAGS,
    attributes={"a": {"href"}, "ol": {"start"}},
    url_schemes=SCHEMES,
    link_rel="ugc nofollow noopener noreferrer",
)


class TextTooComplex(Invalid):
    """The text holds more marks of formatting than anybody writes, and would hold up the site while it is rendered."""

    code = "text_too_complex"
    message = _("This text has too much formatting to be shown. Use fewer marks, or divide it into several texts.")


@dataclass(frozen=True, slots=True)
class Heading:
    """An entry of the table of contents."""

    level: int
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Story:
    """A rendered text: HTML with marks, plain text, headings, number of words, and what it names, in order."""

    html: str
    text: str
    toc: tuple[Heading, ...]
    words: int
    cards: tuple[tuple[str, str], ...]
    pictures: tuple[str, ...]


def render(source: str) -> Story:
    """Render a long text by people we trust with headings, tables, footnotes, code, pictures and cards.

    Takes no lock, and time in proportion to the length of the text. Raises TextTooComplex.
    """
    source = drop_non_xml(source)
    environment = _environment(source)
    tokens = _story.parse(source, environment)
    toc = tuple(_arrange(tokens))
    html = _story_cleaner.clean(_story.renderer.render(tokens, _story.options, environment))
    text = _plain(tokens)
    return Story(
        html=html,
        text=text,
        toc=toc,
        words=len(re.findall(r"\w+", text)),
        cards=tuple(dict.fromkeys(CARD_MARK.findall(html))),
        pictures=tuple(dict.fromkeys(uid for _, uid in PICTURE_MARK.findall(html))),
    )


def render_short(source: str) -> str:
    """Render a short text by anybody (a comment, a message): no headings, pictures or cards; links pass on no fame.

    Takes no lock, and time in proportion to the length of the text. Raises TextTooComplex.
    """
    source = drop_non_xml(source)
    return _short_cleaner.clean(_short.render(source, _environment(source))).strip()


def _environment(source: str) -> dict[str, Any]:
    """What a text starts with. A table is parsed in one step, so its cells are counted beforehand."""
    environment = {"steps": MAX_STEPS}
    _count(environment, source.count("|") * BLOCK_STEPS)
    return environment


def _count_block(state: StateBlock, _start: int, _end: int, silent: bool) -> bool:
    """Count a step of the block parser; never matches."""
    _count(state.env, 1 if silent else BLOCK_STEPS)
    return False


def _count_inline(state: StateInline, _silent: bool) -> bool:
    """Count a step of the inline parser; never matches."""
    _count(state.env, 1 if state.pos else BLOCK_STEPS)
    return False


def _count(environment: Any, steps: int) -> None:
    environment["steps"] -= steps
    if environment["steps"] < 0:
        raise TextTooComplex(field="body")


def _parse_address(state: StateInline, silent: bool) -> bool:
    """Make a link of `scheme://…` before the marks in it are taken for formatting."""
    if state.src[state.pos] != ":" or state.linkLevel > 0:
        return False
    scheme = 5 if state.src.startswith("https", state.pos - 5) else 4
    begin = state.pos - scheme
    if begin < 0 or (link := links.link_at(state.src, begin)) is None or link.end > state.posMax:
        return False
    if not silent:
        typed = state.src[begin : link.end]
        if not state.pending.endswith(typed[:scheme]):
            return False
        state.pending = state.pending[:-scheme]
        for token in _link_tokens(link.href, typed, state.md):
            state.push(token.type, token.tag, token.nesting)  # which keeps levels and delimiters
            state.tokens[-1].attrs, state.tokens[-1].info = token.attrs, token.info
            state.tokens[-1].content = token.content
    state.pos = link.end
    return True


def _link_addresses(state: StateCore) -> None:
    """Make links of the addresses that have no `://`: those after `www.` and `mailto:`."""
    for token in state.tokens:
        if token.type == "inline" and re.search(r"www\.|mailto:", token.content, re.IGNORECASE):
            token.children = list(_with_links(token.children or [], state.md))


def _with_links(children: Sequence[Token], parser: MarkdownIt) -> Iterator[Token]:
    depth = 0
    for child in children:
        depth += child.nesting if child.type.startswith("link_") else 0
        if child.type != "text" or depth:
            yield child
            continue
        at, text = 0, child.content
        for link in links.find_links(text):
            yield _text_token(text[at : link.start], child.level)
            yield from _link_tokens(link.href, text[link.start : link.end], parser, child.level)
            at = link.end
        yield _text_token(text[at:], child.level)


def _link_tokens(href: str, typed: str, parser: MarkdownIt, level: int = 0) -> Iterator[Token]:
    target = parser.normalizeLink(href)
    yield Token("link_open", "a", 1, attrs={"href": target}, info="auto", level=level)
    yield _text_token(typed, level + 1)
    yield Token("link_close", "a", -1, info="auto", level=level)


def _text_token(text: str, level: int) -> Token:
    return Token("text", "", 0, content=text, level=level)


def _arrange(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Give headings ids and tables classes, and take pictures that stand alone out of their paragraphs.

    Yields the headings for the table of contents. The page has its own h1, so the text begins at h2.
    """
    taken: dict[str, int] = {}
    in_gallery = False
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            token.tag = tokens[index + 2].tag = f"h{max(2, int(token.tag[1]))}"
            words = _plain([tokens[index + 1]])
            token.attrSet("id", _free_id(words, taken))
            if token.tag in TOC_TAGS:
                yield Heading(int(token.tag[1]), str(token.attrGet("id")), words)
        elif token.type in ("th_open", "td_open"):
            style = str(token.attrs.pop("style", ""))
            if css := CELL_CLASSES.get(style):
                token.attrSet("class", css)
        elif token.type in ("container_gallery_open", "container_gallery_close"):
            in_gallery = token.nesting == 1
        elif token.type == "paragraph_open":
            _free_pictures(token, tokens[index + 1], tokens[index + 2], in_gallery=in_gallery)


def _free_pictures(opening: Token, inline: Token, closing: Token, *, in_gallery: bool) -> None:
    children = inline.children or []
    images = [child for child in children if child.type == "image"]
    if not images or any(child.type not in ("image", "softbreak", "hardbreak") for child in children):
        return
    if in_gallery:
        opening.hidden = closing.hidden = True
        inline.children = images
    elif len(images) == 1:
        opening.tag = closing.tag = "figure"
        images[0].meta["figure"] = True


def _free_id(words: str, taken: dict[str, int]) -> str:
    """An id that no other heading of the text has, and none of the page: those never begin with `h-`."""
    stem = f"h-{make_slug(words, 60)}".rstrip("-")
    free = stem
    while free in taken:
        taken[stem] += 1
        free = f"{stem}-{taken[stem]}"
    taken[free] = 1
    return free


def _plain(tokens: Sequence[Token]) -> str:
    """The words of tokens, for search and counting."""
    parts: list[str] = []
    for token in tokens:
        if token.type == "inline":
            parts.append(" ".join("".join(_inline_words(token.children or [])).split()))
        elif token.type in ("fence", "code_block"):
            parts.append(token.content)
    return "\n".join(part.strip() for part in parts if part.strip())


def _inline_words(children: Sequence[Token]) -> Iterator[str]:
    for child in children:
        if child.type in ("softbreak", "hardbreak"):
            yield " "
        elif child.type == "image":
            yield from _inline_words(child.children or [])
            yield " "
        elif child.type in ("text", "code_inline"):
            yield child.content


def _draw_card(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    found = CARD.fullmatch(tokens[index].info.strip())
    return f'<div data-card="{found[1]}:{escape(found[2])}"></div>\n' if found and tokens[index].nesting == 1 else ""


def _draw_gallery(_: Any, tokens: Sequence[Token], index: int, *__: Any) -> str:
    return '<div class="gallery-block">\n' if tokens[index].nesting == 1 else "</div>\n"


def _draw_image(renderer: Any, tokens: Sequence[Token], index: int, options: Any, environment: Any) -> str:
    """A mark for an uploaded picture, an `img` for a file of this site; what lies elsewhere is linked, not loaded."""
    token = tokens[index]
    source = str(token.attrGet("src") or "")
    alt = escape(renderer.renderInlineAsText(token.children, options, environment))
    if ours := PICTURE.fullmatch(source):
        drawn = f'<img alt="{alt}" data-picture="{ours[1]}">'
    elif source.startswith("/") and not source.startswith("//"):
        drawn = f'<img src="{escape(source)}" alt="{alt}" loading="lazy">'
    else:
        drawn = f'<a href="{escape(source)}" rel="noopener">{alt or escape(source)}</a>'
    caption = str(token.attrGet("title") or "")
    return f"{drawn}<figcaption>{escape(caption)}</figcaption>" if caption and token.meta.get("figure") else drawn


def _draw_fence(_: Any, tokens: Sequence[Token], index: int, __: Any, environment: Any) -> str:
    language = tokens[index].info.strip().split(maxsplit=1)[:1]
    return _draw_code(tokens[index].content, language[0] if language else "", environment)


def _draw_code(code: str, language: str, environment: Any) -> str:
    start = time.thread_time()
    left = environment.setdefault("highlighting", highlighting.MAX_SECONDS)
    inner = highlighting.highlight(code, language, left) if language else None
    environment["highlighting"] = left - (time.thread_time() - start)
    return f'<pre tabindex="0"><code>{escape(code) if inner is None else inner}</code></pre>\n'


def _draw_code_block(_: Any, tokens: Sequence[Token], index: int, __: Any, environment: Any) -> str:
    return _draw_code(tokens[index].content, "", environment)


def _draw_table(_: Any, *__: Any) -> str:
    # A wide table scrolls on a phone; what scrolls must be reachable by keyboard.
    return '<table tabindex="0">\n'


def _is_card(parameters: str, _: str) -> bool:
    return CARD.fullmatch(parameters.strip()) is not None


def _is_gallery(parameters: str, _: str) -> bool:
    return parameters.strip() == "gallery"


def _make_story() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    parser.enable(["table", "strikethrough"])
    parser.use(footnote_plugin)
    parser.use(container_plugin, "card", validate=_is_card, render=_draw_card)
    parser.use(container_plugin, "gallery", validate=_is_gallery, render=_draw_gallery)
    parser.add_render_rule("image", _draw_image)
    parser.add_render_rule("fence", _draw_fence)
    parser.add_render_rule("code_block", _draw_code_block)
    parser.add_render_rule("table_open", _draw_table)
    _add_rules(parser)
    parser.core.ruler.after("addresses", "typography", typography.apply)
    return _warmed(parser)


def _make_short() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    parser.enable(["strikethrough"])
    parser.disable(["heading", "lheading", "hr", "image", "reference", "html_block", "html_inline"])
    _add_rules(parser)
    return _warmed(parser)


def _add_rules(parser: MarkdownIt) -> None:
    chains = ["paragraph", "reference", "blockquote", "list", "table"]
    parser.block.ruler.before("table", "count", _count_block, {"alt": chains})
    parser.inline.ruler.before("text", "count", _count_inline)
    parser.inline.ruler.after("text", "address", _parse_address)
    parser.core.ruler.before("text_join", "addresses", _link_addresses)


def _warmed(parser: MarkdownIt) -> MarkdownIt:
    """A parser whose lists of rules are complete, so that threads may share it: they are made at the first use."""
    parser.render("x", _environment("x"))
    return parser


_story = _make_story()
_short = _make_short()
