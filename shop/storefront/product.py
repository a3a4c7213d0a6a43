"""A product: choosing a variant, reading about it, what buyers say."""

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from core.composition import attribution, cards
from core.web.http import PageRequest
from core.web.response_cache import cache_for_anonymous
from shop.catalogue.models import Product
from shop.listing import options
from shop.listing.cards import build_item_card, get_product_url, get_stock_label
from shop.listing.forms import CHOICE_PREFIX, get_chosen_options
from shop.listing.specs import get_specs
from shop.listing.topics import get_stock_topic
from shop.pricing import queries as pricing_queries
from shop.pricing.tax_notes import get_tax_name
from shop.reviews.forms import WriteReviewForm
from shop.reviews.views import can_review
from shop.storefront import jsonld, queries
from shop.storefront.queries import ProductPage


@cache_for_anonymous
@require_safe
def product(request: PageRequest, slug: str) -> HttpResponse:
    """One product; `?variant=SKU` or `?choose-glaze=moss` says which variant. A fragment answers a changed choice."""
    market, now = pricing_queries.get_default_market(), timezone.now()
    sku = request.GET.get("variant", "")
    page = queries.get_product_page(slug, market, now, sku=sku, chosen=get_chosen_options(request.GET.dict()))
    if page is None:
        return _redirect_to_current_slug(request, slug)
    if page.product.status == Product.Status.ARCHIVED:
        related = [build_item_card(item) for item in page.related]
        return render(request, "shop/product/gone.html", {"product": page.product, "cards": related}, status=410)
    if request.htmx:
        return render(request, "shop/product/buy.html", _get_buy_context(request, page))
    return render(request, "shop/product/page.html", _get_page_context(request, page))


def _redirect_to_current_slug(request: PageRequest, slug: str) -> HttpResponse:
    current = options.get_current_slug(slug)
    if current is None:
        raise Http404
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(get_product_url(current) + (f"?{query}" if query else ""))


def _get_buy_context(request: PageRequest, page: ProductPage) -> dict[str, object]:
    """What the form of a product shows."""
    ref = request.GET.get("ref", "")
    return {
        "product": page.product,
        "offer": page.offer,
        "market": page.market,
        "tax_name": get_tax_name(page.market.home_country),
        "options": page.options,
        "prefix": CHOICE_PREFIX,
        "state": get_stock_label(page.offer) if page.offer else "",
        "stock_topic": get_stock_topic(page.offer.sku) if page.offer else "",
        "delivery": page.delivery,
        "picture": page.images[0] if page.images else None,
        "ref": ref if attribution.read(ref) else "",
    }


def _get_page_context(request: PageRequest, page: ProductPage) -> dict[str, object]:
    url = get_product_url(page.product.slug)
    stories = cards.resolve([("post", story) for story in page.stories], request.grant)
    return {
        **_get_buy_context(request, page),
        "categories": page.categories,
        "images": page.images,
        "specs": get_specs(page.product, page.offer),
        "reviews": page.reviews,
        "review_form": WriteReviewForm() if can_review(page.product, request.grant.actor) else None,
        "stars": page.stars,
        "related": [build_item_card(item) for item in page.related],
        "stories": stories.values(),
        "jsonld": jsonld.render_script(
            jsonld.build_product(page, url=f"{settings.SITE_URL}{url}", site=settings.SITE_URL)
        ),
    }
