"""The ground floor."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        from core import handlers, moments, text_pages  # noqa: F401  subscribe and register on import
        from core.monitoring import vitals  # noqa: F401  subscribe and register on import
        from core.webhooks import handlers as webhook_handlers  # noqa: F401
        from core.webhooks import metrics, tasks  # noqa: F401

        moments.install()
