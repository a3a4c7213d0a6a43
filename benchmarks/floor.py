"""The site with three bare views beside it, in the same server with the same settings: what our pages are held against.

A: 2 KB of JSON, no database. B: one row by its key. C: a hand-written list of 24 products of a shelf with category and
picture, as somebody writes it who wants it fast in Django: `.values()`, three queries, no serializer.
"""

import os
from collections.abc import Callable, Iterable
from itertools import cycle
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
settings.ROOT_URLCONF = "benchmarks.floor"
_django = get_wsgi_application()

from rest_framework.request import Request  # noqa: E402  apps must be ready
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402

from config.urls import urlpatterns as agora  # noqa: E402
from core.content.models import Picture  # noqa: E402
from shop.catalogue.models import Category, Product, ProductImage  # noqa: E402

TWO_KILOBYTES = {"rows": [{"id": index, "name": f"Row {index}", "state": "ready"} for index in range(48)]}
SHOWN = 24
MEDIA = settings.MEDIA_URL
# Strangers come from many addresses, and the API counts how often each of them asks.
ADDRESSES = cycle(f"10.0.{high}.{low}" for high in range(40) for low in range(250))


def bare(request: HttpRequest) -> JsonResponse:
    """A: what the server, Django and our middleware cost."""
    return JsonResponse(TWO_KILOBYTES)


def select(request: HttpRequest) -> JsonResponse:
    """B: the same and one indexed SELECT."""
    key = int(request.GET.get("n", "0")) % 1000 + 1
    picture = Picture.objects.filter(pk=key).values("digest", "width", "height", "alt", "color").first()
    return JsonResponse(picture or {})


def product_list(request: HttpRequest) -> JsonResponse:
    """C: the most popular 24 of a shelf."""
    shelf = Category.objects.filter(slug=request.GET["category"]).values("id", "name").get()
    rows = list(
        Product.objects.filter(status="active", category=shelf["id"])
        .order_by("-popularity", "-id")
        .values("id", "slug", "title", "summary", "rating_count", "rating_sum", "category__slug", "category__name")[
            :SHOWN
        ]
    )
    images = {
        image["product_id"]: image
        for image in ProductImage.objects.filter(product__in=[row["id"] for row in rows])
        .order_by("product_id", "position", "id")
        .distinct("product_id")
        .values("product_id", "picture__file", "picture__width", "picture__height", "picture__alt")
    }
    return JsonResponse({"results": [_row(row, images.get(row["id"])) for row in rows]})


class Nothing(APIView):
    """An endpoint of the API that everybody may call and that says nothing: what it costs to know who calls."""

    def get(self, request: Request) -> Response:
        return Response({})


def _row(row: dict[str, Any], image: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "slug": row["slug"],
        "title": row["title"],
        "summary": row["summary"],
        "url": f"/shop/p/{row['slug']}/",
        "category": {"slug": row["category__slug"], "name": row["category__name"]},
        "rating": row["rating_sum"] / row["rating_count"] if row["rating_count"] else None,
        "rating_count": row["rating_count"],
        "image": image
        and {
            "url": f"{MEDIA}{image['picture__file']}",
            "width": image["picture__width"],
            "height": image["picture__height"],
            "alt": image["picture__alt"],
        },
    }


urlpatterns = [
    path("floor/bare/", bare),
    path("floor/select/", select),
    path("floor/list/", product_list),
    path("floor/api/", Nothing.as_view()),
    *agora,
]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    environ["REMOTE_ADDR"] = next(ADDRESSES)
    return _django(environ, start_response)
