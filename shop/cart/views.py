"""The cart: show it, add items and remove them.

Its forms are on pages that are cached for anonymous visitors, so they carry no CSRF token. The views check the origin
of a POST instead.
"""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.composition import attribution
from core.errors import DomainError
from core.media.images import Image
from core.money import Money
from core.web.http import PageRequest, SeeOther
from core.web.origin import same_origin_post
from core.web.responses import refuse
from shop.cart import queries
from shop.cart import services as carts
from shop.cart.cookies import get_cart, get_or_open_cart, set_cart_cookie
from shop.cart.forms import AddLineForm, QuantityForm
from shop.cart.models import MAX_QUANTITY, Cart
from shop.cart.queries import CartView, CartViewLine, TaxRateMissing
from shop.listing import options
from shop.listing.forms import get_chosen_options
from shop.pricing.models import Market
from shop.pricing.tax_notes import get_tax_name, get_tax_note
from shop.shipping.queries import ShippingOption
from shop.stock import services as stock_services


@dataclass(frozen=True, slots=True)
class RemovedLine:
    """A line that was just removed, for the undo button."""

    sku: str
    title: str
    quantity: int
    ref: str


@require_safe
@never_cache
def cart(request: PageRequest) -> HttpResponse:
    """The items in the cart, their current price, and what prevents an order."""
    return render(request, "shop/cart/page.html", get_cart_context(get_cart(request)))


@require_safe
@never_cache
def count(request: PageRequest) -> HttpResponse:
    """The number of items in the header, for a page that the browser restores from its cache."""
    return render(request, "components/cart_count.html", {"oob": True})


@same_origin_post
@require_POST
def add_line(request: PageRequest) -> HttpResponse:
    """Add an item to the cart. Returns the drawer to scripts and redirects other clients to the cart."""
    form = AddLineForm(request.POST)
    if not form.is_valid():
        return refuse(request, _get_form_error(form), back=reverse("shop:index"))
    wanted = form.cleaned_data
    sku = wanted["sku"] or _get_chosen_sku(request, wanted["product"])
    before = get_cart(request)
    try:
        with transaction.atomic():
            own, token = get_or_open_cart(request)
            carts.add_line(
                cart_id=own.pk,
                sku=sku,
                quantity=1 if wanted["quantity"] is None else wanted["quantity"],
                source=attribution.read(wanted["ref"]),
                by=request.grant.actor,
            )
    except DomainError as refusal:
        return refuse(request, _get_refusal_message(refusal, before, sku), back=reverse("shop:index"))
    response = _render_drawer(request, own) if request.htmx else SeeOther(reverse("shop:cart"))
    set_cart_cookie(response, token)
    return response


@same_origin_post
@require_POST
def set_line(request: PageRequest, sku: str) -> HttpResponse:
    """Set the quantity of a line; 0 removes it."""
    form = QuantityForm(request.POST)
    own = get_cart(request)
    if own is None or not form.is_valid():
        return _render_cart(
            request, own, problem=" ".join((_get_form_error(form), _get_quantity_message(own, sku))).strip()
        )
    quantity = form.cleaned_data["quantity"]
    if quantity == 0:
        return remove_line(request, sku)
    try:
        carts.set_quantity(cart_id=own.pk, sku=sku, quantity=quantity, by=request.grant.actor)
    except DomainError as refusal:
        return _render_cart(request, own, problem=_get_refusal_message(refusal, own, sku))
    return _render_cart(request, own)


@same_origin_post
@require_POST
def remove_line(request: PageRequest, sku: str) -> HttpResponse:
    """Remove a line, and offer to undo it."""
    own = get_cart(request)
    line = own.lines.filter(variant__sku=sku).select_related("variant__product").first() if own else None
    if own is None or line is None:
        return _render_cart(request, own)
    ref = attribution.sign((line.source_kind, line.source_id)) if line.source_kind else ""
    removed = RemovedLine(sku, line.variant.product.title, line.quantity, ref)
    try:
        carts.remove_line(cart_id=own.pk, sku=sku, by=request.grant.actor)
    except DomainError as refusal:
        return _render_cart(request, own, problem=refusal.detail)
    return _render_cart(request, own, removed=removed)


def get_cart_context(own: Cart | None) -> dict[str, Any]:
    """The context of the cart's page and drawer; seven queries."""
    if own is None:
        return {"view": None, "cart_count": 0}
    country = own.shipping_address.get("country", "")
    view = queries.price_cart(own, country=country, now=timezone.now(), pictures=True)
    options = queries.get_shipping_options(view) if view.needs_shipping else []
    return {
        "view": view,
        "lines": [(line, get_line_image(line)) for line in view.lines],
        "rows": [(_("Subtotal"), view.quote.subtotal, "")],
        "tax_note": _get_tax_note(view),
        "untaxed": TaxRateMissing.of(view).detail if view.untaxed else "",
        "delivery": _get_cheapest(options),
        "free": _get_free_delivery(view, options),
        "cart_count": view.count,
        "can_order": bool(view.lines) and not view.problems,
    }


def _get_tax_note(view: CartView) -> str:
    if not view.quote.tax_included:
        return _("excl. %(tax)s") % {"tax": get_tax_name(view.country)}
    return "" if view.untaxed else get_tax_note(view.quote.tax, included=True, country=view.country)


def get_line_image(line: CartViewLine) -> Image | None:
    """The variant's own first picture, or the product's."""
    variant = line.line.variant
    found = [*variant.images.all(), *variant.product.images.all()]
    return found[0].picture.image if found else None


def _get_chosen_sku(request: PageRequest, slug: str) -> str:
    market = Market.objects.default()
    return options.get_chosen_sku(slug, get_chosen_options(request.POST.dict()), market, timezone.now()) or ""


def _get_form_error(form: forms.Form) -> str:
    if "quantity" in form.errors:
        lowest = form.fields["quantity"].min_value  # type: ignore[attr-defined]
        return _("Enter a whole number from %(least)d to %(most)d.") % {"least": lowest, "most": MAX_QUANTITY}
    return _("Choose a product and a quantity.")


def _get_refusal_message(refusal: DomainError, own: Cart | None, sku: str) -> str:
    """Why a quantity was refused, and which quantity the cart has."""
    if not isinstance(refusal, stock_services.NotEnoughStock):
        return refusal.detail
    [short] = refusal.details["lines"]
    words = _("Only %(left)d of %(title)s left.") if short["available"] else _("%(title)s is out of stock.")
    message = words % {"left": short["available"], "title": refusal.details["titles"]}
    return f"{message} {_get_quantity_message(own, sku)}".strip()


def _get_quantity_message(own: Cart | None, sku: str) -> str:
    quantity = own.lines.filter(variant__sku=sku).values_list("quantity", flat=True).first() if own else None
    return "" if quantity is None else _("Your cart has %(quantity)d.") % {"quantity": quantity}


def _render_drawer(request: PageRequest, own: Cart) -> HttpResponse:
    own.refresh_from_db()
    response = render(request, "shop/cart/drawer.html", get_cart_context(own))
    response["HX-Trigger-After-Settle"] = "cart:added"
    return response


def _render_cart(
    request: PageRequest, own: Cart | None, *, problem: str = "", removed: RemovedLine | None = None
) -> HttpResponse:
    """The cart after a change, as a fragment or as the whole page."""
    context = {**get_cart_context(own), "problem": problem, "removed": removed}
    status = 422 if problem else 200
    if request.htmx:
        return render(request, "shop/cart/body.html", context, status=status)
    if problem or removed:
        return render(request, "shop/cart/page.html", context, status=status)
    return SeeOther(reverse("shop:cart"))


def _get_cheapest(options: list[ShippingOption]) -> ShippingOption | None:
    sent = [option for option in options if not option.method.is_pick_up]
    return min(sent, key=lambda option: option.price.minor, default=None)


def _get_free_delivery(view: CartView, options: list[ShippingOption]) -> dict[str, Any] | None:
    """How far the cart is from free delivery, or None if no method offers it."""
    bars = [option.method.free_over for option in options if option.method.free_over and not option.method.is_pick_up]
    if not bars:
        return None
    bar = Money(min(bars), view.quote.currency)
    goods = view.quote.goods
    return {"bar": bar.minor, "reached": min(goods.minor, bar.minor), "missing": bar - goods if goods < bar else None}
