"""The API's first page leads to all there is; what the schema says of it is held in tests/contract."""

import pytest


@pytest.mark.django_db
def test_what_there_is_is_linked_from_the_first_page(client):
    listed = client.get("/api/v1/").json()

    for name in ("posts", "products", "orders", "rooms", "conversations", "comments", "categories", "search"):
        assert name in listed
