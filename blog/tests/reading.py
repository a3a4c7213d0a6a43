"""Helpers that read journal pages."""

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from blog.posts.models import Post


def page(client: Client, post: Post, **query: str) -> Any:
    return client.get(reverse("blog:post", args=[post.slug]), query)


def text_of(response: HttpResponse) -> str:
    """Return the page source with whitespace collapsed."""
    return re.sub(r"\s+", " ", response.content.decode())
