"""The ground floor."""

from django.apps import AppConfig

from core.autodiscovery import import_rooms


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        from core.content.services import text_pages  # noqa: F401  registers on import
        from core.monitoring import health_metrics  # noqa: F401  registers on import
        from core.web import timestamps

        import_rooms("core")
        timestamps.install()
