"""All URLs of the project."""

from django.conf import settings
from django.contrib import admin
from django.contrib.sitemaps.views import sitemap
from django.urls import URLPattern, URLResolver, include, path

from accounts.moderation.urls import patterns as moderation
from accounts.subscriptions import urls as subscription_urls
from blog.feeds.views import PostSitemap
from config import api, dev, style_guide
from config import views as pages
from core.metrics import prometheus
from core.monitoring import health
from shop.storefront.sitemap import ProductSitemap

SITEMAPS = {"posts": PostSitemap, "products": ProductSitemap}

urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
    path("search/", pages.search_page, name="search"),
    path("search/suggestions/", pages.search_suggestions, name="search_suggestions"),
    path("pages/<slug:slug>/", pages.text_page, name="text_page"),
    path("theme/", pages.set_theme, name="set_theme"),
    path("shop/", include("shop.urls")),
    path("journal/", include("blog.urls")),
    path("talk/", include("chat.urls")),
    path("api/", include(api.urlpatterns)),
    path("account/", include("accounts.urls")),
    path("account/", include("accounts.sign_in_urls")),
    path("account/", include("accounts.social.urls")),
    path("", include("accounts.oauth.urls")),
    path("_allauth/", include("accounts.headless.urls")),
    path("subscriptions/", include(subscription_urls.public)),
    path("letters/", include(subscription_urls.former)),
    path("", include(moderation)),
    path("insights/", include("analytics.urls")),
    path("styleguide/", style_guide.page, name="styleguide"),
    path("admin/", admin.site.urls),
    path("health/live", health.live),
    path("health/open", health.takes_requests),
    path("health/ready", health.ready),
    path("metrics", prometheus.page),
    path("sitemap.xml", sitemap, {"sitemaps": SITEMAPS}, name="sitemap"),
    path("robots.txt", pages.robots),
]

if settings.DEBUG:
    urlpatterns += dev.urlpatterns

handler400 = "core.web.error_pages.handler400"
handler403 = "core.web.error_pages.handler403"
handler404 = "core.web.error_pages.handler404"
handler429 = "core.web.error_pages.handler429"  # allauth looks for it
handler500 = "core.web.error_pages.handler500"
