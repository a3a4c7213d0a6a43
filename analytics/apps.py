"""Sales analytics."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core.autodiscovery import import_rooms


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = _("Analytics")

    def ready(self) -> None:
        import_rooms("analytics")
