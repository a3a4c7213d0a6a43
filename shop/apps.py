"""The shop."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    name = "shop"
    verbose_name = _("Shop")

    def ready(self) -> None:
        from shop import cards, checks, handlers, metrics, moderation, panels, privacy, search, topics  # noqa: F401  they register on import
