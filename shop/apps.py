"""The shop."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopConfig(AppConfig):
    name = "shop"
    verbose_name = _("Shop")

    def ready(self) -> None:
        from shop import (  # noqa: F401  they register on import
            cards,
            checks,
            constraints,
            handlers,
            metrics,
            moderation,
            panels,
            privacy,
            search,
            topics,
        )
