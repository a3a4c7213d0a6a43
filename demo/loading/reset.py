"""Clear the demo: all tables of the project, media files and emails. Data created by migrations stays."""

import shutil
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from accounts.staff.services import PROJECT_APPS

KEPT_TABLES = frozenset({"accounts_role"})  # made after every migration, with their groups
DJANGO_APPS = ("account", "admin", "sessions")


def clear_data() -> None:
    """Delete all data. Sequences restart, so a reloaded demo equals a new one."""
    tables = {
        model._meta.db_table  # noqa: SLF001  Django's documented way to a model's table
        for label in (*PROJECT_APPS, *DJANGO_APPS)
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
        if model._meta.managed  # noqa: SLF001
    }
    names = ", ".join(connection.ops.quote_name(table) for table in sorted(tables - KEPT_TABLES))
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")
    for folder in (settings.MEDIA_ROOT, settings.MAILBOX):
        for entry in Path(folder).glob("*"):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    cache.clear()
