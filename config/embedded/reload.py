"""Notice that code or templates changed."""

import logging
from collections.abc import Iterator

from watchfiles import Change, DefaultFilter, watch

from config.embedded.paths import BASE_DIR

_SUFFIXES = (".py", ".html", ".txt")  # style sheets and scripts are read for every request anyway
_NOT_CODE = {"staticfiles", "static", "docs", "node_modules"}


class CodeFilter(DefaultFilter):
    """Code and templates, without caches."""

    def __call__(self, change: Change, path: str) -> bool:
        return path.endswith(_SUFFIXES) and super().__call__(change, path)


class Changes:
    """The changes below the checkout's own folders since the last look."""

    def __init__(self) -> None:
        logging.getLogger("watchfiles").setLevel(logging.ERROR)  # it warns of every Ctrl-C
        folders = [
            folder
            for folder in BASE_DIR.iterdir()
            if folder.is_dir() and not folder.name.startswith(".") and folder.name not in _NOT_CODE
        ]
        self._batches: Iterator[set[tuple[Change, str]]] = watch(
            *folders,
            watch_filter=CodeFilter(),
            debounce=400,
            rust_timeout=20,
            yield_on_timeout=True,
            raise_interrupt=False,
        )

    def seen(self) -> bool:
        """Whether something changed; looks for at most half a second."""
        return bool(next(self._batches, None))
