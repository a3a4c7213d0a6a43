"""A product: choosing a variant, reading about it, what buyers say."""

from collections.abc import Mapping

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.composition import attribution, cards
from core.web.http import PageRequest
from core.web.response_cache import cache_for_anonymous
from shop import jsonld
from shop.cards import item_card, product_url, state_words
from shop.forms import WriteReviewForm
from shop.models import Product
from shop.pages.reviews import may_review
from shop.queries import catalogue
from shop.queries import product as queries
from shop.queries.product import ProductPage
from shop.specs import specs
from shop.topics import stock_of

CHOICE = "choose-"


@cache_for_anonymous
@require_safe
def product(request: PageRequest, slug: str) -> HttpResponse:
    """One product; `?variant=SKU` or `?choose-glaze=moss` says which variant. A fragment answers a changed choice."""
    market, now = catalogue.default_market(), timezone.now()
    sku = request.GET.get("variant", "")
    page = queries.product_page(slug, market, now, sku=sku, chosen=chosen_in(request.GET.dict()))
    if page is None:
        return _moved(request, slug)
    if page.product.status == Product.Status.ARCHIVED:
        related = [item_card(item) for item in page.related]
        return render(request, "shop/product/gone.html", {"product": page.product, "cards": related}, status=410)
    if request.htmx:
        return render(request, "shop/product/buy.html", _buying(request, page))
    return render(request, "shop/product/page.html", _everything(request, page))


def chosen_in(values: Mapping[str, str]) -> dict[str, str]:
    """The chosen option values among the parameters of the product's form."""
    return {name.removeprefix(CHOICE): value for name, value in values.items() if name.startswith(CHOICE)}


def _moved(request: PageRequest, slug: str) -> HttpResponse:
    current = queries.current_slug(slug)
    if current is None:
        raise Http404
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(product_url(current) + (f"?{query}" if query else ""))


def _buying(request: PageRequest, page: ProductPage) -> dict[str, object]:
    """What the form of a product shows."""
    ref = request.GET.get("ref", "")
    return {
        "product": page.product,
        "offer": page.offer,
        "market": page.market,
        "options": page.options,
        "prefix": CHOICE,
        "state": state_words(page.offer) if page.offer else "",
        "stock_topic": stock_of(page.offer.sku) if page.offer else "",
        "delivery": page.delivery,
        "picture": page.images[0] if page.images else None,
        "ref": ref if attribution.read(ref) else "",
    }


def _everything(request: PageRequest, page: ProductPage) -> dict[str, object]:
    url = product_url(page.product.slug)
    stories = cards.resolve([("post", story) for story in page.stories], request.grant)
    return {
        **_buying(request, page),
        "categories": page.categories,
        "images": page.images,
        "specs": specs(page.product, page.offer),
        "reviews": page.reviews,
        "review_form": WriteReviewForm() if may_review(page.product, request.grant.actor) else None,
        "stars": page.stars,
        "related": [item_card(item) for item in page.related],
        "stories": stories.values(),
        "jsonld": jsonld.script(jsonld.product(page, url=f"{settings.SITE_URL}{url}", site=settings.SITE_URL)),
    }
