"""Backups: make one, restore one, and try whether the newest can be restored.

A backup is a folder of three files: `database.dump` as pg_dump writes it, `media.tar`, and `manifest.json`, by which
both can be checked, table by table and file by file.
"""

DATABASE, MEDIA, MANIFEST = "database.dump", "media.tar", "manifest.json"


class BackupFailed(Exception):
    """No backup was made, or it is none; the text says why."""
