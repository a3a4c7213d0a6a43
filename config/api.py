"""The API's table of contents: every app's routes under /api/v1/, the schema, and its reader."""

from itertools import groupby
from operator import itemgetter

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.routers import APIRootView, DefaultRouter

from accounts.api_urls import routes as accounts_routes
from analytics.viewsets import routes as analytics_routes
from blog.api_urls import routes as blog_routes
from chat.api_urls import routes as chat_routes
from config.schema import SchemaView
from core.api import error_codes
from core.search.viewsets import routes as core_routes
from core.webhooks.viewsets import routes as webhook_routes
from shop.api_urls import routes as shop_routes


class Agora(APIRootView):
    """A shop, a journal and a conversation. The schema is at /api/schema/, its reader at /api/docs/."""


class V1(APIRootView):
    """Everything there is to read and to do, by its kind."""


class Router(DefaultRouter):
    APIRootView = V1
    include_format_suffixes = False


router = Router()
for prefix, viewset, basename in (  # they are looked through in this order
    *shop_routes,
    *blog_routes,
    *chat_routes,
    *core_routes,
    *accounts_routes,
    *webhook_routes,
    *analytics_routes,
):
    router.register(prefix, viewset, basename)


def problems(request: HttpRequest) -> HttpResponse:
    """What each code of a refusal means; the `type` of a problem leads here."""
    by_code = groupby(sorted(error_codes.all_codes(), key=itemgetter(1)), itemgetter(1))
    return render(request, "api/problems.html", {"problems": [(code, list(rows)) for code, rows in by_code]})


urlpatterns: list[URLPattern | URLResolver] = [
    path("", Agora.as_view(api_root_dict={"v1": "api-root", "docs": "api-docs", "schema": "api-schema"}), name="api"),
    path("v1/", include(router.urls)),
    path("schema/", SchemaView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
    path("docs/app/", SpectacularSwaggerSplitView.as_view(url_name="headless:openapi_yaml"), name="app-docs"),
    path("docs/problems/", problems, name="api-problems"),
]
