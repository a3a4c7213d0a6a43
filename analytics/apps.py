"""What came of it all."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = _("Insight")

    def ready(self) -> None:
        from analytics import handlers, panels, privacy  # noqa: F401  they subscribe on import, once models are ready
