"""The saved addresses in a customer's account."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.users.models import User
from core.errors import DomainError
from core.forms import add_error
from core.web.http import PageRequest, SeeOther
from core.web.responses import posted
from shop.addresses import queries
from shop.addresses import services as address_book
from shop.addresses.forms import AddressForm
from shop.addresses.models import MAX_ADDRESSES, SavedAddress
from shop.pricing import queries as pricing_queries
from shop.pricing.models import Market


@require_safe
@never_cache
@login_required
def addresses(request: PageRequest) -> HttpResponse:
    """List the saved addresses, the default first."""
    saved = queries.get_saved_addresses(_get_user(request))
    return render(request, "shop/account/addresses.html", {"saved": saved, "may_add": len(saved) < MAX_ADDRESSES})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def add(request: PageRequest) -> HttpResponse:
    """Save another address."""
    market = pricing_queries.get_default_market()
    form = AddressForm(posted(request), initial={"country": market.home_country}, market=market)
    return _save(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def change(request: PageRequest, uid: UUID) -> HttpResponse:
    """Change a saved address."""
    saved = queries.get_saved_address(_get_user(request), uid)
    if saved is None:
        raise Http404
    form = AddressForm(posted(request), initial=saved.address, market=_get_market_for(saved))
    return _save(request, form, saved)


@require_POST
@never_cache
@login_required
def remove(request: PageRequest, uid: UUID) -> HttpResponse:
    """Remove a saved address. Existing orders keep their copy."""
    address_book.remove_address(uid=uid, by=request.grant.actor)
    messages.success(request, _("Address removed."))
    return SeeOther(reverse("shop:addresses"))


@require_POST
@never_cache
@login_required
def make_default(request: PageRequest, uid: UUID) -> HttpResponse:
    """Make a saved address the default."""
    address_book.make_default(uid=uid, by=request.grant.actor)
    messages.success(request, _("Default address changed."))
    return SeeOther(reverse("shop:addresses"))


def _save(request: PageRequest, form: AddressForm, saved: SavedAddress | None) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            if saved is None:
                address_book.add_address(address=form.cleaned_data, by=request.grant.actor)
            else:
                address_book.change_address(uid=saved.uid, address=form.cleaned_data, by=request.grant.actor)
        except DomainError as refusal:
            add_error(form, refusal)
        else:
            messages.success(request, _("Address saved."))
            return SeeOther(reverse("shop:addresses"))
    context = {"form": form, "saved": saved}
    return render(request, "shop/account/address.html", context, status=422 if form.errors else 200)


def _get_market_for(saved: SavedAddress) -> Market:
    """The market that sells to the address, or the default one."""
    country = saved.address.get("country", "")
    return Market.objects.filter(countries__contains=[country]).order_by("-is_default", "pk").first() or (
        pricing_queries.get_default_market()
    )


def _get_user(request: PageRequest) -> User:
    return cast("User", request.user)
