"""What search engines should know of the shop."""

from datetime import datetime

from django.contrib.sitemaps import Sitemap
from django.db.models import QuerySet
from django.urls import reverse

from shop.catalogue.models import Product


class ProductSitemap(Sitemap):
    """Products on sale, with when they last changed."""

    limit = 5000

    def items(self) -> QuerySet[Product]:
        return Product.objects.active().order_by("-id")

    def location(self, item: Product) -> str:
        return reverse("shop:product", args=[item.slug])

    def lastmod(self, item: Product) -> datetime:
        return item.updated_at
