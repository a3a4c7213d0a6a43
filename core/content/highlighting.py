"""Colour code by class names, in bounded time.

Pygments' lexers are regular expressions, and many take quadratic time for some texts. So only languages that people
write about are known here, pieces are short, and what takes too long is shown plain.
"""

import time
from collections.abc import Iterable, Iterator
from io import StringIO
from threading import Lock
from typing import Any

from pygments import formatters, lexers  # type: ignore[import-untyped]
from pygments.token import STANDARD_TYPES  # type: ignore[import-untyped]

CLASSES = {name for name in STANDARD_TYPES.values() if name}
MAX_CHARACTERS = 8000
# CPU time for all the code of one text. A page of code takes a few milliseconds.
MAX_SECONDS = 0.3
LANGUAGES = frozenset(
    {
        *("apacheconf", "awk", "bash", "c", "c#", "c++", "clojure", "cmake", "console", "cpp", "csharp", "css", "dart"),
        *("diff", "django", "docker", "dockerfile", "elixir", "erlang", "f#", "fortran", "fsharp", "go", "golang"),
        *("graphql", "groovy", "handlebars", "haskell", "hs", "html", "http", "ini", "java", "javascript", "jinja"),
        *("jinja2", "js", "json", "jsx", "julia", "kotlin", "latex", "less", "lisp", "lua", "make", "makefile"),
        *("markdown", "matlab", "md", "nasm", "nginx", "nix", "objective-c", "ocaml", "pascal", "perl", "php"),
        *("postgresql", "powershell", "prolog", "protobuf", "ps1", "psql", "py", "pycon", "python", "r", "rb", "rst"),
        *("ruby", "rs", "rust", "sass", "scala", "scheme", "scss", "sh", "shell", "sql", "swift", "tex"),
        *("toml", "ts", "tsx", "typescript", "vim", "vue", "xml", "yaml", "yml", "zsh"),
    }
)

_formatter = formatters.HtmlFormatter(nowrap=True)
_lexers_lock = Lock()


class _TooSlow(Exception):
    """A piece of code takes longer than code does."""


def highlight(code: str, language: str, seconds: float = MAX_SECONDS) -> str | None:
    """The code as HTML with every line kept; None for a language not known here, and for what takes too long."""
    if language.lower() not in LANGUAGES or len(code) > MAX_CHARACTERS or seconds <= 0:
        return None
    out = StringIO()
    try:
        _formatter.format(_until(time.thread_time() + seconds, _make_lexer(language).get_tokens(code)), out)
    except _TooSlow:
        return None
    return out.getvalue()


def _until(deadline: float, tokens: Iterable[Any]) -> Iterator[Any]:
    for token in tokens:
        if time.thread_time() > deadline:
            raise _TooSlow
        yield token


def _make_lexer(language: str) -> Any:
    # The first lexer of a language compiles its table, which two threads must not do at once.
    with _lexers_lock:
        return lexers.get_lexer_by_name(language, stripnl=False)
