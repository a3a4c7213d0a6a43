"""Where media lie when they lie in a folder of this machine, and how a file gets there whole or not at all."""

import re
from contextlib import suppress

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage

NEEDS_NO_QUOTING = re.compile(r"[A-Za-z0-9_/-][A-Za-z0-9._/-]*")


class Folder(FileSystemStorage):
    """A page names a hundred files, whose names we made ourselves: none of them needs what Django does to quote one."""

    def url(self, name: str | None) -> str:
        if name and NEEDS_NO_QUOTING.fullmatch(name) and self.base_url and "//" not in name:
            return f"{self.base_url}{name.lstrip('/')}"
        return super().url(name)


class Private(FileSystemStorage):
    """Files that no address leads to: a page that asks who comes gives them out."""

    @property
    def location(self) -> str:
        # Looked at each time, as tests set another.
        return str(settings.PRIVATE_ROOT)

    def url(self, name: str | None) -> str:
        raise ValueError("a private file has no address")


def save_file(name: str, content: bytes) -> str:
    """Write a file that nobody else writes; returns its name. Raises OSError, having taken away what was half written.

    Otherwise a full disk would stay full of halves.
    """
    try:
        return default_storage.save(name, ContentFile(content))
    except OSError:
        with suppress(OSError):
            default_storage.delete(name)
        raise
