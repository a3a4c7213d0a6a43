"""Save delivery methods."""

from datetime import datetime

from core.context import Actor
from shop.configuration.services import save_row
from shop.shipping.models import ShippingMethod


def save_shipping_method(*, method: ShippingMethod, by: Actor, now: datetime | None = None) -> ShippingMethod:
    """Save a new or changed way of delivery. Raises Denied. Records shipping_method.saved."""
    return save_row(method, by, now)
