"""Change carts. A cart reserves neither stock nor prices; the checkout does."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from core import context
from core.context import Actor
from core.errors import Conflict, Invalid
from core.validation.email_addresses import canonical_email
from shop.addresses import validation
from shop.cart.models import MAX_QUANTITY, Cart, CartLine, digest_token
from shop.catalogue.models import Variant
from shop.catalogue.queries import UnknownVariant, get_current_sku
from shop.pricing.models import Market
from shop.shipping.models import ShippingMethod
from shop.stock.services import NotEnoughStock

Source = tuple[str, str]
TOKEN_BYTES = 32


class CartClosed(Conflict):
    code = "cart_closed"
    message = _("This cart has already become an order.")


class NotForSale(Conflict):
    code = "not_for_sale"
    message = _("%(title)s is no longer available.")


class InvalidQuantity(Invalid):
    code = "invalid_quantity"
    message = _("Enter a whole number from 1 to %(most)s.")


class UnknownShipping(Invalid):
    code = "unknown_shipping_method"
    message = _("This delivery method is not available for the address.")


class InvalidEmail(Invalid):
    code = "invalid_email"
    message = _("Enter a valid email address.")


@transaction.atomic
def open_cart(*, by: Actor, market: Market | None = None, now: datetime | None = None) -> tuple[Cart, str]:
    """Create an empty cart and its token, of which only the digest is stored.

    A user who has an open cart gets that one, with a new token.
    """
    now = now or timezone.now()
    market = market or Market.objects.default()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    if by.user is None:
        return Cart.objects.create(
            token_digest=digest_token(token), market=market, created_at=now, updated_at=now
        ), token
    cart, made = Cart.objects.get_or_create(
        user=by.user,
        market=market,
        status=Cart.Status.OPEN,
        defaults={"token_digest": digest_token(token), "email": by.user.email, "created_at": now, "updated_at": now},
    )
    if not made:
        Cart.objects.filter(pk=cart.pk).update(token_digest=digest_token(token))
    return cart, token


def get_current_cart(*, token: str, user: User | None, now: datetime | None = None) -> Cart | None:
    """The open cart of a visitor or a user, or None; no query for a visitor without a token.

    After sign-in the visitor's cart becomes the user's, or is merged into the one they had.
    """
    found = Cart.objects.open().with_token(token).select_related("market", "user").first() if token else None
    if user is None:
        return found if found is not None and found.user_id is None else None
    if found is not None and found.user_id == user.pk:
        return found
    own = Cart.objects.open().filter(user=user).select_related("market", "user").order_by("-updated_at").first()
    if found is None or found.user_id is not None or context.current().impersonator:
        return own  # a cart that staff filled is not given to the user they impersonate
    if own is None or own.market_id != found.market_id:
        return adopt_cart(cart_id=found.pk, by=Actor.person(user), now=now)
    return merge_carts(from_id=found.pk, into_id=own.pk, by=Actor.person(user), now=now)


@transaction.atomic
def adopt_cart(*, cart_id: int, by: Actor, now: datetime | None = None) -> Cart:
    """Assign a visitor's cart to the user who signed in. Locks the cart. Raises CartClosed."""
    cart = _lock_open_cart(cart_id)
    if by.user is None or cart.user_id is not None:
        raise CartClosed
    cart.user = by.user
    cart.email = cart.email or by.user.email
    return _save_cart(cart, now, "user", "email")


@transaction.atomic
def merge_carts(*, from_id: int, into_id: int, by: Actor, now: datetime | None = None) -> Cart:
    """Merge one cart into another of the same market: quantities add up to the maximum. Locks both, by id.

    A cart that was merged or ordered in the meantime is left as it is. Raises CartClosed if the target is not open.
    """
    carts = {cart.pk: cart for cart in Cart.objects.locked().filter(pk__in=[from_id, into_id])}
    source, target = carts[from_id], carts[into_id]
    if target.status != Cart.Status.OPEN:
        raise CartClosed
    if source.status != Cart.Status.OPEN:
        return target
    existing = {line.variant_id: line for line in target.lines.all()}
    for line in source.lines.all():
        mine = existing.get(line.variant_id)
        if mine is None:
            CartLine.objects.filter(pk=line.pk).update(cart=target)
        else:
            quantity = min(mine.quantity + line.quantity, MAX_QUANTITY)
            CartLine.objects.filter(pk=mine.pk).update(quantity=quantity)
    source.status = Cart.Status.MERGED
    source.save(update_fields=["status"])
    return _save_cart(target, now)


@transaction.atomic
def add_line(
    *, cart_id: int, sku: str, quantity: int = 1, source: Source | None = None, by: Actor, now: datetime | None = None
) -> CartLine:
    """Add items to the cart. `source` is the post or message that the customer came from.

    Locks the cart. Raises CartClosed, UnknownVariant, InvalidQuantity, NotForSale, NotEnoughStock.
    """
    now = now or timezone.now()
    cart = _lock_open_cart(cart_id)
    line = cart.lines.filter(variant__sku=sku).first()
    wanted = (line.quantity if line else 0) + _validate_quantity(quantity)
    try:
        variant = _get_buyable_variant(cart, sku, wanted, now)
    except UnknownVariant:
        if (renamed := get_current_sku(sku)) == sku:
            raise
        return add_line(cart_id=cart_id, sku=renamed, quantity=quantity, source=source, by=by, now=now)
    if line is None:
        line = CartLine(cart=cart, variant=variant, added_at=now)
    line.quantity = wanted
    line.seen = variant.amount
    if source:
        line.source_kind, line.source_id = source
    line.save()
    _save_cart(cart, now)
    return line


@transaction.atomic
def set_quantity(*, cart_id: int, sku: str, quantity: int, by: Actor, now: datetime | None = None) -> CartLine | None:
    """Set the quantity of a line; 0 removes it. Locks the cart. Raises the same errors as add_line."""
    now = now or timezone.now()
    cart = _lock_open_cart(cart_id)
    line = cart.lines.filter(variant__sku=sku).first()
    if line is None and (renamed := get_current_sku(sku)) != sku:
        sku, line = renamed, cart.lines.filter(variant__sku=renamed).first()
    if line is None:
        raise UnknownVariant
    if quantity == 0:
        line.delete()
        _save_cart(cart, now)
        return None
    # A lower quantity is always allowed, so that a line with too little stock can be corrected.
    if quantity > line.quantity:
        _get_buyable_variant(cart, sku, _validate_quantity(quantity), now)
    line.quantity = _validate_quantity(quantity)
    line.save(update_fields=["quantity"])
    _save_cart(cart, now)
    return line


def remove_line(*, cart_id: int, sku: str, by: Actor, now: datetime | None = None) -> None:
    """Remove a line, if it exists. Locks the cart. Raises CartClosed."""
    with transaction.atomic():
        cart = _lock_open_cart(cart_id)
        cart.lines.filter(variant__sku__in=[sku, get_current_sku(sku)]).delete()
        _save_cart(cart, now)


@transaction.atomic
def accept_prices(*, cart_id: int, seen: Mapping[str, int], by: Actor) -> None:
    """Store the unit prices (minor units by SKU) that the customer has seen. Locks the cart."""
    cart = _lock_open_cart(cart_id)
    for line in cart.lines.filter(variant__sku__in=list(seen)).select_related("variant"):
        if line.seen != seen[line.variant.sku]:
            CartLine.objects.filter(pk=line.pk).update(seen=seen[line.variant.sku])


@transaction.atomic
def set_details(
    *,
    cart_id: int,
    email: str | None = None,
    shipping_address: Mapping[str, Any] | None = None,
    billing_address: Mapping[str, Any] | None = None,
    shipping_method: str | None = None,
    note: str | None = None,
    by: Actor,
    now: datetime | None = None,
) -> Cart:
    """Store checkout details. None leaves a detail unchanged; an empty billing address means the delivery address.

    Locks the cart. Raises CartClosed, InvalidEmail, addresses.InvalidAddress, UnknownShipping.
    """
    cart = _lock_open_cart(cart_id)
    if email is not None:
        cart.email = _validate_email(email)
    if shipping_address is not None:
        cart.shipping_address = validation.clean_address(shipping_address, field="shipping")
    if billing_address is not None:
        cart.billing_address = validation.clean_address(billing_address, field="billing") if billing_address else {}
    if note is not None:
        cart.note = note.strip()[:500]
    country = cart.shipping_address.get("country", "")
    reachable = ShippingMethod.objects.to(cart.market, country)
    if shipping_method is not None:
        cart.shipping_method = reachable.filter(code=shipping_method).first()
        if cart.shipping_method is None:
            raise UnknownShipping(field="shipping_method")
    elif cart.shipping_method_id and shipping_address is not None:
        # The chosen method may not deliver to another country.
        cart.shipping_method = reachable.filter(pk=cart.shipping_method_id).first()
    return _save_cart(cart, now, "email", "shipping_address", "billing_address", "shipping_method", "note")


def _lock_open_cart(cart_id: int) -> Cart:
    cart = Cart.objects.locked().select_related("market", "shipping_method").get(pk=cart_id)
    if cart.status != Cart.Status.OPEN:
        raise CartClosed
    return cart


def _save_cart(cart: Cart, now: datetime | None, *fields: str) -> Cart:
    cart.updated_at = now or timezone.now()
    cart.version += 1
    cart.save(update_fields=["updated_at", "version", *fields])
    return cart


def _validate_quantity(quantity: int) -> int:
    if not 1 <= quantity <= MAX_QUANTITY:
        raise InvalidQuantity(field="quantity", most=MAX_QUANTITY)
    return quantity


def _get_buyable_variant(cart: Cart, sku: str, quantity: int, now: datetime) -> Variant:
    """The variant with its price, if the quantity is available. The checkout checks again and reserves the stock."""
    variants = (
        Variant.objects.filter(sku=sku).select_related("product").with_prices(cart.market, now, quantity).with_stock()
    )
    variant = variants.first()
    if variant is None:
        raise UnknownVariant
    title = variant.product.title
    if not variant.is_active or variant.product.status != variant.product.Status.ACTIVE or variant.amount is None:
        raise NotForSale(title=title)
    if quantity > MAX_QUANTITY:
        raise InvalidQuantity(field="quantity", most=MAX_QUANTITY)
    if not variant.is_digital and variant.available < quantity:
        shortage = [{"sku": sku, "wanted": quantity, "available": max(variant.available, 0)}]
        raise NotEnoughStock(titles=title, lines=shortage, field="quantity")
    return variant


def _validate_email(value: str) -> str:
    try:
        return canonical_email(value)
    except ValidationError:
        raise InvalidEmail(field="email") from None
