"""The API's schema is complete: nothing in it was guessed."""

from pathlib import Path

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_the_schema_is_valid_and_nothing_in_it_is_guessed(tmp_path: Path):
    written = tmp_path / "schema.yaml"

    call_command("spectacular", validate=True, fail_on_warn=True, file=str(written))

    assert "/api/v1/posts/" in written.read_text()


@pytest.mark.django_db
def test_what_there_is_is_linked_from_the_first_page(client):
    listed = client.get("/api/v1/").json()

    for name in ("posts", "products", "orders", "rooms", "conversations", "comments", "categories", "search"):
        assert name in listed
