"""Search engines are told what is public, and nothing else."""

import pytest

from blog.tests.factories import draft, published
from shop.tests.factories import ProductFactory


@pytest.mark.django_db
def test_what_is_public_is_listed_and_nothing_else(client):
    told, untold = published(title="Told at length"), draft(title="Kept to ourselves")
    ProductFactory(slug="sold", status="active")
    ProductFactory(slug="withheld", status="draft")

    listed = client.get("/sitemap.xml").content.decode()

    assert f"/journal/{told.slug}/" in listed
    assert "/shop/p/sold/" in listed
    assert untold.slug not in listed
    assert "withheld" not in listed
