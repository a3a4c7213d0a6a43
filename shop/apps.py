"""The shop."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    name = "shop"
    verbose_name = _("Shop")

    def ready(self) -> None:
        from shop.configuration import constraints  # noqa: F401  they register on import
        from shop.listing import cards, search, topics  # noqa: F401  they register on import
        from shop.markets import checks  # noqa: F401  they register on import
        from shop.order_management import handlers, panels  # noqa: F401  they register on import
        from shop.payments import metrics  # noqa: F401  they register on import
        from shop.personal_data import privacy  # noqa: F401  they register on import
        from shop.reviews import moderation  # noqa: F401  they register on import
