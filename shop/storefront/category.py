"""Shelves: all of the shop, or one category of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from core.templatetags.ui import money
from core.web.http import PageRequest
from core.web.response_cache import cache_for_anonymous
from shop.catalogue.models import Category
from shop.listing import queries as catalogue
from shop.listing.cards import build_item_card
from shop.listing.filters import Filters, PriceRange
from shop.listing.forms import ProductForm, build_filters
from shop.listing.queries import Facet, FacetValue, ProductList
from shop.pricing import queries as pricing_queries
from shop.pricing.models import Market

SORT_LABELS = {
    "-popularity": gettext_lazy("Most popular"),
    "-created_at": gettext_lazy("Newest"),
    "price": gettext_lazy("Price, low to high"),
    "-price": gettext_lazy("Price, high to low"),
    "title": gettext_lazy("Name"),
}


@cache_for_anonymous
@require_safe
def index(request: PageRequest) -> HttpResponse:
    """Everything that is for sale."""
    shelves = catalogue.get_categories()
    top = [category for category in shelves if category.parent_id is None]
    return _render_list(request, None, top, [])


@cache_for_anonymous
@require_safe
def category(request: PageRequest, category: str) -> HttpResponse:
    """One category with all below it."""
    shelves = catalogue.get_categories()
    here = next((shelf for shelf in shelves if shelf.slug == category), None)
    if here is None:
        raise Http404
    below = [shelf for shelf in shelves if shelf.parent_id == here.pk]
    trail = [shelf for shelf in shelves if shelf.pk in here.tree_path]
    within = [shelf.pk for shelf in shelves if here.pk in shelf.tree_path]
    return _render_list(request, here, below, trail, within)


def _render_list(
    request: PageRequest,
    here: Category | None,
    below: Sequence[Category],
    trail: Sequence[Category],
    within: Sequence[int] | None = None,
) -> HttpResponse:
    market, now = pricing_queries.get_default_market(), timezone.now()
    form = ProductForm(request.GET)
    form.is_valid()  # what does not validate is left out
    filters = build_filters(form.cleaned_data, market)
    order = request.GET.get("ordering", "")
    order = order if order in SORT_LABELS else catalogue.DEFAULT_ORDERING
    cursor = request.GET.get("cursor", "")
    shelf = catalogue.get_product_list(market, filters, now, within=within, order=order, cursor=cursor)
    url = reverse("shop:category", args=[here.slug]) if here else reverse("shop:index")
    context = {
        "category": here,
        "below": below,
        "crumbs": _get_breadcrumbs(trail),
        "shelf": shelf,
        "page": shelf.page,
        "cards": [build_item_card(item, is_exact=bool(filters.options)) for item in shelf.items],
        "facets": _build_facets(shelf, filters, market),
        "chips": _build_chips(shelf, filters, market, url, order),
        "clear_url": url,
        "url": url,
        "q": filters.q,
        "sorts": [(value, label, value == order) for value, label in SORT_LABELS.items()],
        "is_filtered": filters != Filters(),
        "is_later_page": bool(cursor),
    }
    template = "shop/category/results.html" if request.htmx else "shop/category/page.html"
    return render(request, template, context)


def _get_breadcrumbs(trail: Sequence[Category]) -> list[tuple[str, str]]:
    steps = [(_("Shop"), reverse("shop:index"))]
    steps += [(step.name, reverse("shop:category", args=[step.slug])) for step in trail[:-1]]
    return [*steps, (trail[-1].name, "")] if trail else []


def _build_facets(shelf: ProductList, filters: Filters, market: Market) -> list[Facet]:
    """All groups of filters: the options', price and availability."""
    prices = [
        FacetValue(_get_range_value(span, market), _get_range_label(span, market), count, span in filters.prices)
        for span, count in shelf.prices
    ]
    in_stock = FacetValue("true", _("In stock"), shelf.in_stock, filters.in_stock)
    return [
        *(Facet("option", facet.label, facet.values) for facet in shelf.options),
        Facet("price", _("Price"), prices),
        Facet("in_stock", _("Availability"), [in_stock]),
    ]


def _build_chips(shelf: ProductList, filters: Filters, market: Market, url: str, order: str) -> list[tuple[str, str]]:
    """Each filter in force, with the address that lacks it."""
    names = {value.value: value.label for facet in shelf.options for value in facet.values}
    less = [
        (
            names.get(f"{option}:{value}", value),
            replace(filters, options=_without_option(filters.options, option, value)),
        )
        for option, values in filters.options.items()
        for value in values
    ]
    for span in filters.prices:
        rest = tuple(other for other in filters.prices if other != span)
        less.append((_get_range_label(span, market), replace(filters, prices=rest)))
    if filters.in_stock:
        less.append((_("In stock"), replace(filters, in_stock=False)))
    if filters.q:
        less.append((_("“%(words)s”") % {"words": filters.q}, replace(filters, q="")))
    return [(label, _build_url(url, without, market, order)) for label, without in less]


def _without_option(options: Mapping[str, tuple[str, ...]], option: str, value: str) -> dict[str, tuple[str, ...]]:
    kept = {**options, option: tuple(other for other in options[option] if other != value)}
    return {name: values for name, values in kept.items() if values}


def _build_url(url: str, filters: Filters, market: Market, order: str) -> str:
    pairs = [("option", f"{option}:{value}") for option, values in filters.options.items() for value in values]
    pairs += [("price", _get_range_value(span, market)) for span in filters.prices]
    pairs += [("in_stock", "true")] if filters.in_stock else []
    pairs += [("q", filters.q)] if filters.q else []
    pairs += [("ordering", order)] if order != catalogue.DEFAULT_ORDERING else []
    return f"{url}?{urlencode(pairs)}" if pairs else url


def _get_range_value(span: PriceRange, market: Market) -> str:
    low, high = (None if end is None else int(market.money(end).amount) for end in span)
    return f"{'' if low is None else low}-{'' if high is None else high}"


def _get_range_label(span: PriceRange, market: Market) -> str:
    low, high = span
    if low is None:
        return _("Under %(price)s") % {"price": _format_round(high or 0, market)}
    if high is None:
        return _("%(price)s and over") % {"price": _format_round(low, market)}
    return _("%(low)s to %(high)s") % {"low": _format_round(low, market), "high": _format_round(high, market)}


def _format_round(minor: int, market: Market) -> str:
    text = money(market.money(minor))
    return text.removesuffix(".00")
