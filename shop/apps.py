"""The shop."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core.autodiscovery import import_rooms


class ShopConfig(AppConfig):
    name = "shop"
    verbose_name = _("Shop")

    def ready(self) -> None:
        from shop.configuration import constraints  # noqa: F401  registers on import
        from shop.markets import checks  # noqa: F401  registers on import

        import_rooms("shop")
