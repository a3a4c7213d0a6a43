"""The ground floor."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        from core.content import handlers  # noqa: F401  subscribe and register on import
        from core.content.services import text_pages  # noqa: F401  subscribe and register on import
        from core.monitoring import health_metrics  # noqa: F401  subscribe and register on import
        from core.web import timestamps
        from core.webhooks import handlers as webhook_handlers  # noqa: F401
        from core.webhooks import metrics, tasks  # noqa: F401

        timestamps.install()
