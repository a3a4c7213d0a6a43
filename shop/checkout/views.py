"""The checkout: contact, delivery, payment, review. Each step has its own URL.

The details are stored on the cart. Nothing is reserved before the last step, which sends back the hash of the quote
that the customer saw.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_countries import countries

from core.errors import DomainError
from core.forms import add_error
from core.web.http import PageRequest, SeeOther
from core.web.responses import posted
from shop.addresses import queries as address_book_queries
from shop.addresses import services as address_book
from shop.addresses.forms import AddressForm
from shop.addresses.models import SavedAddress
from shop.addresses.validation import InvalidAddress
from shop.cart import queries
from shop.cart import queries as cart_queries
from shop.cart import services as carts
from shop.cart.cookies import get_cart, get_cart_token, get_user
from shop.cart.models import Cart
from shop.cart.queries import CartView
from shop.cart.views import get_line_image
from shop.checkout import services as checkout_services
from shop.checkout.forms import ContactForm, DeliveryForm, PaymentForm, PlaceForm
from shop.payments import providers
from shop.payments.redirects import redirect_to_payment
from shop.pricing.tax_notes import get_tax_note, get_tax_rows
from shop.shipping import queries as shipping_queries
from shop.stock import services as stock_services

P = ParamSpec("P")
Step = Callable[Concatenate[PageRequest, Cart, CartView, P], HttpResponse]
BILLING_PREFIX = "billing"


def checkout_step(view: Step[P]) -> Callable[Concatenate[PageRequest, P], HttpResponse]:
    """Pass the priced cart to a step. A cart that cannot be ordered redirects to the cart's page."""

    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def with_cart(request: PageRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        cart = get_cart(request)
        if cart is None:
            return redirect("shop:cart")
        priced = get_priced_cart(cart)
        if not priced.lines or priced.problems:
            return redirect("shop:cart")
        return view(request, cart, priced, *args, **kwargs)

    return with_cart


@require_safe
@never_cache
def start(request: PageRequest) -> HttpResponse:
    """Redirect to the first step that is not complete."""
    cart = get_cart(request)
    if cart is None:
        return redirect("shop:cart")
    return redirect(f"shop:{_get_next_step(cart, get_priced_cart(cart))}")


@checkout_step
def contact(request: PageRequest, cart: Cart, view: CartView) -> HttpResponse:
    """The email address of the customer."""
    user = get_user(request)
    form = ContactForm(posted(request), initial={"email": cart.email or (user.email if user else "")})
    if request.method == "POST" and form.is_valid():
        try:
            seen = {line.sku: line.unit.minor for line in view.lines if line.unit}
            carts.accept_prices(cart_id=cart.pk, seen=seen, by=request.grant.actor)
            carts.set_details(cart_id=cart.pk, email=form.cleaned_data["email"], by=request.grant.actor)
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            return SeeOther(reverse("shop:delivery" if view.needs_shipping else "shop:payment"))
    return _render_step(request, "contact", cart, view, form=form)


@checkout_step
def delivery(request: PageRequest, cart: Cart, view: CartView) -> HttpResponse:
    """The delivery address and method. Choosing another country loads its methods as a fragment."""
    if not view.needs_shipping:
        return redirect("shop:payment")
    saved = _get_initial_address(request, cart)
    form = DeliveryForm(posted(request), initial=saved, market=cart.market, may_save=get_user(request) is not None)
    requested = request.POST.get("country") or request.GET.get("country") or saved["country"]
    country = requested if requested in cart.market.countries else cart.market.home_country
    options = queries.get_shipping_options(view, country=country)
    codes = [option.method.code for option in options]
    selected = request.POST.get("shipping_method") or (cart.shipping_method.code if cart.shipping_method else "")
    chosen = selected if selected in codes else ""
    context: dict[str, Any] = {
        "form": form,
        "options": options,
        "chosen": chosen or _get_default_method(options),
        "saved_addresses": _get_saved_addresses(request, cart),
    }
    if request.htmx and request.method == "GET":
        return render(request, "shop/checkout/methods.html", context)
    if request.method == "POST" and form.is_valid():
        try:
            carts.set_details(
                cart_id=cart.pk,
                shipping_address=form.cleaned_data,
                shipping_method=chosen if request.POST.get("shipping_method") else "",
                by=request.grant.actor,
            )
            if form.should_save_address:
                address_book.add_address(address=form.cleaned_data, by=request.grant.actor)
        except carts.UnknownShipping as refusal:
            context["method_problem"] = (
                _("Choose one of the delivery methods for this country.") if options else refusal.detail
            )
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            cart.refresh_from_db()
            taxed = get_priced_cart(cart)
            if not taxed.untaxed:
                return SeeOther(reverse("shop:payment"))
            form.add_error("country", cart_queries.TaxRateMissing.of(taxed).detail)
    return _render_step(request, "delivery", cart, view, **context)


@checkout_step
def payment_step(request: PageRequest, cart: Cart, view: CartView) -> HttpResponse:
    """The payment method, and the billing address if it differs from the delivery address."""
    if (missing_step := _get_next_step(cart, view)) != "payment":
        return redirect(f"shop:{missing_step}")
    offered = [(provider.code, str(provider.name)) for provider in providers.get_offered_providers()]
    initial = {"provider": offered[0][0], "other_billing": bool(cart.billing_address) or not view.needs_shipping}
    form = PaymentForm(posted(request), initial=initial, providers=offered)
    saved = cart.billing_address or {"country": cart.shipping_address.get("country", cart.market.home_country)}
    has_other_billing = not view.needs_shipping or bool(request.POST.get("other_billing"))
    data = posted(request) if has_other_billing else None
    billing = AddressForm(data, initial=saved, market=cart.market, prefix=BILLING_PREFIX)
    if request.method == "POST" and form.is_valid() and (not has_other_billing or billing.is_valid()):
        address = billing.cleaned_data if has_other_billing else {}
        try:
            carts.set_details(cart_id=cart.pk, billing_address=address, by=request.grant.actor)
        except DomainError as refusal:
            form.add_error(None, refusal.detail)
        else:
            return SeeOther(f"{reverse('shop:review')}?with={form.cleaned_data['provider']}")
    return _render_step(request, "payment", cart, view, form=form, billing=billing)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: PageRequest) -> HttpResponse:
    """The summary of the order, with the button that places it."""
    if request.method == "POST":
        return _place_order(request)
    return _review(request)


@checkout_step
def _review(request: PageRequest, cart: Cart, view: CartView, refusal: DomainError | None = None) -> HttpResponse:
    if (missing_step := _get_next_step(cart, view)) != "payment":
        return redirect(f"shop:{missing_step}")
    offered = {one.code: one for one in providers.get_offered_providers()}
    chosen = offered.get(request.POST.get("provider") or request.GET.get("with", ""))
    if chosen is None:
        return redirect("shop:payment")
    context = {
        "provider": chosen,
        "problem": refusal.detail if refusal else "",
        "billing_address": cart.billing_address or cart.shipping_address,
        "option": next((one for one in queries.get_shipping_options(view) if one.method == view.method), None),
    }
    return _render_step(request, "review", cart, view, status=refusal.status if refusal else 200, **context)


def _place_order(request: PageRequest) -> HttpResponse:
    """Place the order, then start the payment. A second click finds the order of the first."""
    form = PlaceForm(request.POST)
    cart = get_cart(request) or _get_ordered_cart(request)
    if cart is None or not form.is_valid():
        return SeeOther(reverse("shop:cart"))
    wanted = form.cleaned_data
    try:
        order = checkout_services.place_order(
            cart_id=cart.pk,
            quote_hash=wanted["quote_hash"],
            provider=wanted["provider"],
            by=request.grant.actor,
            locale=translation.get_language() or "en",
        )
    except (
        carts.InvalidEmail,
        InvalidAddress,
        carts.UnknownShipping,
        carts.CartClosed,
        checkout_services.CartEmpty,
    ) as refusal:
        messages.error(request, refusal.detail)
        return SeeOther(reverse("shop:checkout"))
    except (stock_services.NotEnoughStock, carts.NotForSale) as refusal:
        messages.error(request, refusal.detail)
        return SeeOther(reverse("shop:cart"))
    except DomainError as refusal:
        return _review(request, refusal)
    return redirect_to_payment(request, order, wanted["provider"])


def get_priced_cart(cart: Cart) -> CartView:
    """The cart priced for its delivery address and method, if known."""
    country, method = cart.shipping_address.get("country", ""), cart.shipping_method
    if method is not None:
        method.market = cart.market  # the same row, already loaded
    return queries.price_cart(cart, country=country, method=method, now=timezone.now(), pictures=True)


def _get_next_step(cart: Cart, view: CartView) -> str:
    if not cart.email:
        return "contact"
    if view.needs_shipping and (view.untaxed or not (cart.shipping_address and cart.shipping_method_id)):
        return "delivery"
    return "payment"


def _get_initial_address(request: PageRequest, cart: Cart) -> Mapping[str, str]:
    """The initial address: a saved one that was chosen, that of the cart, or the customer's default."""
    requested, user = request.GET.get("address", ""), get_user(request)
    if user is not None and requested:
        chosen = [one.address for one in _get_saved_addresses(request, cart) if str(one.uid) == requested]
        if chosen:
            return dict(chosen[0])
    usual = (
        address_book_queries.get_initial_address(user, cart.market.countries)
        if user and not cart.shipping_address
        else None
    )
    return cart.shipping_address or usual or {"country": cart.market.home_country}


def _get_saved_addresses(request: PageRequest, cart: Cart) -> list[SavedAddress]:
    """The customer's saved addresses in countries of the market."""
    user = get_user(request)
    saved = address_book_queries.get_saved_addresses(user) if user else []
    return [one for one in saved if one.address["country"] in cart.market.countries]


def _get_ordered_cart(request: PageRequest) -> Cart | None:
    """The cart of a second click, after the first has placed the order."""
    found = queries.get_cart_by_token(get_cart_token(request))
    mine = found is not None and (found.user is None or found.user == get_user(request))
    return found if mine else None


def _get_default_method(options: list[shipping_queries.ShippingOption]) -> str:
    """The first method that is not a pick-up."""
    sent = [option for option in options if not option.method.is_pick_up]
    return next((option.method.code for option in [*sent, *options]), "")


def _render_step(
    request: PageRequest, name: str, cart: Cart, view: CartView, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Render a step with its stepper and the order summary; 422 for an invalid form."""
    wrong = any(getattr(context.get(form), "errors", None) for form in ("form", "billing"))
    wrong = wrong or bool(context.get("method_problem"))
    shared = {
        "cart": cart,
        "view": view,
        "steps": _get_steps(name, view),
        "lines": [_get_summary_line(line) for line in view.lines],
        "rows": _get_rows(view),
        "total": view.quote.total,
        "total_note": ""
        if view.untaxed
        else get_tax_note(view.quote.tax, included=view.quote.tax_included, country=view.country),
        "country_names": dict(countries),
    }
    status = 422 if wrong and status == 200 else status  # noqa: PLR2004  as HTTP numbers them
    return render(request, f"shop/checkout/{name}.html", {**shared, **context}, status=status)


def _get_steps(current: str, view: CartView) -> list[dict[str, str]]:
    names = {"contact": _("Contact"), "delivery": _("Delivery"), "payment": _("Payment"), "review": _("Review")}
    if not view.needs_shipping:
        del names["delivery"]
    order = list(names)
    here = order.index(current)
    return [
        {
            "label": names[name],
            "url": reverse(f"shop:{name}"),
            "state": "done" if index < here else "now" if index == here else "next",
        }
        for index, name in enumerate(order)
    ]


def _get_summary_line(line: queries.CartViewLine) -> dict[str, Any]:
    variant = line.line.variant
    return {
        "title": variant.product.title,
        "note": variant.title,
        "image": get_line_image(line),
        "quantity": line.line.quantity,
        "total": line.total,
    }


def _get_rows(view: CartView) -> list[tuple[str, Any, str]]:
    quote = view.quote
    shipping = _("free") if view.method and not quote.shipping else quote.shipping
    rows: list[tuple[str, Any, str]] = [(_("Subtotal"), quote.subtotal, "")]
    if view.needs_shipping:
        rows.append(
            (_("Delivery"), shipping if view.method else _("next step"), view.method.name if view.method else "")
        )
    return [*rows, *get_tax_rows(quote.tax, included=quote.tax_included, country=view.country)]
