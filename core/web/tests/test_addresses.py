"""Addresses put together quickly are the same as Django's."""

import pytest
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.urls import reverse

from core.media.storage import Folder
from core.web.cached_urls import address, plain


@pytest.mark.parametrize("slug", ["mug", "0-0", "mug-2", "a.b~c", "größe", "a b", "x&y=z", "50%", "日本"])
def test_an_address_is_what_reverse_gives(slug: str):
    assert address("blog:post", slug) == reverse("blog:post", args=[slug])


def test_an_address_without_parts_is_what_reverse_gives():
    assert plain("shop:add_line") == reverse("shop:add_line")


@pytest.mark.parametrize(
    "name",
    [
        "pictures/0a/0a.webp",
        "pictures/0a/0a-640.avif",
        "a b.webp",
        "größe.webp",
        "/a.webp",
        "//host/a.webp",
        "a//b",
        "../a",
        "a?b#c",
    ],
)
def test_a_file_s_address_is_what_django_gives(name: str):
    assert Folder().url(name) == FileSystemStorage().url(name)


def test_media_lie_in_such_a_folder():
    assert settings.STORAGES["default"]["BACKEND"] == "core.media.storage.Folder"
