"""The market of a visitor."""

from core.ttl_cache import ttl_cache
from shop.pricing.models import Market


@ttl_cache(key=lambda: ())
def get_default_market() -> Market:
    """The market of visitors, asked for once a second. Raises ShopNotOpen."""
    return Market.objects.default()
