"""Stylesheets are many small files to write and one file to serve; scripts are modules with hashed imports.

`css/site.css` is no file of the source tree: the finder below builds it where Django looks for static files, so
development, tests and collectstatic serve the very same thing and a page has one link to write.
"""

import atexit
import os
import re
import shutil
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

SITE_CSS = "css/site.css"
ORDER = ("css/[0-8]*.css", "css/components/*.css", "css/9*.css")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
BLANK = re.compile(r"\s*\n\s*")

_lock = threading.Lock()
_folders: dict[int, Path] = {}

# Django's own pattern for imports also reads the scripts of packages, some of which name files they do not ship.
IMPORTS = ("js/*.js", ((r"""(?P<matched>(?P<how>from|import|import\()\s*"(?P<url>\.[^"]+)")""", '%(how)s "%(url)s"'),))


class Storage(CompressedManifestStaticFilesStorage):
    """Hashed names, compressed twins, and the imports of our own scripts rewritten to hashed names."""

    patterns = (*CompressedManifestStaticFilesStorage.patterns, IMPORTS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._addresses: dict[str, str] = {}

    def url(self, name: str, force: bool = False) -> str:
        """The address of a file, found once: what collectstatic made stays as it is while we run."""
        if force or settings.DEBUG:
            return str(super().url(name, force))
        if name not in self._addresses:
            self._addresses[name] = str(super().url(name))
        return self._addresses[name]


class StylesheetFinder(BaseFinder):
    """Finds `css/site.css`: the stylesheets of the first static folder, joined in `ORDER`."""

    def __init__(self, app_names: Iterable[str] | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source = Path(settings.STATICFILES_DIRS[0])
        self._folder = _own_folder()
        self.storage = FileSystemStorage(location=self._folder)

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        if any(stylesheets(self.source)):
            return []
        return [Error(f"There are no stylesheets in {self.source / 'css'}.", id="core.E001")]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> str | list[str]:  # type: ignore[override]
        if path != SITE_CSS:
            return []
        found = str(self._joined())
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        self._joined()
        yield SITE_CSS, self.storage

    def _joined(self) -> Path:
        target = self._folder / SITE_CSS
        joined = join(stylesheets(self.source))
        with _lock:
            if not target.exists() or target.read_text() != joined:
                target.parent.mkdir(exist_ok=True)
                draft = target.with_suffix(".part")
                draft.write_text(joined)
                draft.replace(target)  # whole or not at all: another thread may be serving it
        return target


def _own_folder() -> Path:
    """One folder a process: Django makes the finder twice when two first requests come at once."""
    with _lock:
        if os.getpid() not in _folders:
            folder = _folders[os.getpid()] = Path(mkdtemp(prefix="agora-css-"))
            atexit.register(_remove_own, os.getpid(), folder)
        return _folders[os.getpid()]


def _remove_own(pid: int, folder: Path) -> None:
    if os.getpid() == pid:  # a fork inherits what is to be done at exit
        shutil.rmtree(folder, ignore_errors=True)


def stylesheets(source: Path) -> list[Path]:
    """The stylesheets of a static folder in the order in which they are joined."""
    return [path for pattern in ORDER for path in sorted(source.glob(pattern)) if path != source / SITE_CSS]


def join(sheets: Iterable[Path]) -> str:
    """One stylesheet of many, without comments and indentation."""
    return "\n".join(BLANK.sub("\n", COMMENT.sub("", sheet.read_text())).strip() for sheet in sheets) + "\n"
