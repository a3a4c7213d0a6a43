"""The faster way in which tests/services.py empties the tables between transactional tests."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection

from config.embedded import paths

pytestmark = pytest.mark.skipif(not paths.needs_postgres(), reason="needs a superuser of a server of our own")


@pytest.fixture
def a_new_group(transactional_db: None) -> Iterator[Group]:
    yield Group.objects.create(name="made by a test")
    Group.objects.filter(name="made by a test").delete()


def flush_as_after_a_transactional_test() -> None:
    call_command("flush", interactive=False, verbosity=0, reset_sequences=False, inhibit_post_migrate=True)


def test_flush_removes_what_a_test_wrote_and_keeps_what_migrations_made(a_new_group: Group) -> None:
    permissions = list(Permission.objects.order_by("pk").values())

    flush_as_after_a_transactional_test()

    assert not Group.objects.filter(pk=a_new_group.pk).exists()
    assert permissions != []
    assert list(Permission.objects.order_by("pk").values()) == permissions


def test_flush_leaves_foreign_keys_checked(a_new_group: Group) -> None:
    flush_as_after_a_transactional_test()

    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)
