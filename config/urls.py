"""Every address of the house."""

from django.conf import settings
from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.urls import URLPattern, URLResolver, include, path

from importlib import import_module
from importlib.util import find_spec
from config import dev, pages
from config import api as api_config
from core import health


def maybe(prefix, module):  # while the apps are being built
    return [path(prefix, include(module))] if find_spec(module) else []


urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
    path("search/", pages.search_page, name="search"),
    path("pages/<slug:slug>/", pages.text_page, name="text_page"),
    path("theme/", pages.set_theme, name="set_theme"),
    *maybe("shop/", "shop.urls"),
    *maybe("journal/", "blog.urls"),
    *maybe("talk/", "chat.urls"),
    *maybe("account/", "accounts.urls"),
    path("account/", include("accounts.sign_in_urls")),
    *maybe("insights/", "analytics.urls"),
    *(
        [path("styleguide/", import_module("core.styleguide").page, name="styleguide")]
        if find_spec("core.styleguide")
        else []
    ),
    path("admin/", admin.site.urls),
    path("api/", include(api_config.urlpatterns)),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("robots.txt", pages.robots),
]

if settings.DEBUG:
    urlpatterns += dev.urlpatterns

handler400 = "core.error_pages.handler400"
handler403 = "core.error_pages.handler403"
handler404 = "core.error_pages.handler404"
handler429 = "core.error_pages.handler429"
handler500 = "core.error_pages.handler500"
