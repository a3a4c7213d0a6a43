"""The API's table of contents: every app's routes under /api/v1/, the schema, and its reader."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import APIRootView, DefaultRouter

from importlib import import_module
from importlib.util import find_spec
from core.search_api import routes as core_routes

app_routes = [
    r
    for a in ("accounts", "blog", "shop", "chat", "analytics")
    if find_spec(f"{a}.api")
    for r in import_module(f"{a}.api").routes
]


class Agora(APIRootView):
    """A shop, a journal and a conversation. The schema is at /api/schema/, its reader at /api/docs/."""


class Router(DefaultRouter):
    APIRootView = Agora
    include_format_suffixes = False


router = Router()
for prefix, viewset, basename in (
    *core_routes,
    *app_routes,
):
    router.register(prefix, viewset, basename)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", Agora.as_view(api_root_dict={"v1": "api-root", "docs": "api-docs", "schema": "api-schema"}), name="api"),
    path("v1/", include(router.urls)),
    path("schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema"), name="api-docs"),
]
