"""Where media lie when they lie in a folder of this machine."""

import re

from django.core.files.storage import FileSystemStorage

NEEDS_NO_QUOTING = re.compile(r"[A-Za-z0-9_/-][A-Za-z0-9._/-]*")


class Folder(FileSystemStorage):
    """A page names a hundred files, whose names we made ourselves: none of them needs what Django does to quote one."""

    def url(self, name: str | None) -> str:
        if name and NEEDS_NO_QUOTING.fullmatch(name) and self.base_url and "//" not in name:
            return f"{self.base_url}{name.lstrip('/')}"
        return super().url(name)
