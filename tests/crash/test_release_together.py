"""Two releases begin at the same moment on an empty database: one migrates, the other waits and finds it done."""

import os
import subprocess
import sys

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from core.ids import uuid7

pytestmark = [pytest.mark.crash, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def empty_database():
    """The address of a database without tables."""
    name, told = f"release_{uuid7().hex}", connection.settings_dict
    where = {"host": told["HOST"], "port": told["PORT"], "user": told["USER"], "dbname": "postgres"}
    with psycopg.connect(**where, autocommit=True) as session:
        session.execute(f"CREATE DATABASE {name}")
        yield f"postgres://{told['USER']}@/{told['HOST']}/{name}"
        session.execute(f"DROP DATABASE {name} WITH (FORCE)")


def start(database: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "release"],
        cwd=settings.BASE_DIR,
        env={**os.environ, "AGORA_ROLE": "release", "DATABASE_URL": database},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_two_releases_at_once_migrate_once(empty_database):
    releases = [start(empty_database) for _ in range(2)]

    said = [release.communicate(timeout=180)[0] for release in releases]

    assert [release.returncode for release in releases] == [0, 0], said
    waited, worked = sorted(said, key=lambda text: "Applying core.0001_initial... OK" in text)
    assert "Applying core.0001_initial... OK" in worked
    assert "No migrations to apply." not in worked
    assert "Another release is at work. Waiting for it." in waited
    assert "No migrations to apply." in waited
    assert "Applying" not in waited
