"""The composition root: it holds the pages and commands made of several apps."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig


class AgoraConfig(AppConfig):
    name = "config"
    label = "agora"
    verbose_name = "Agora"

    def ready(self) -> None:
        from core.monitoring import reporting

        if settings.ROLE in {"web", "realtime"}:  # the worker's children do it themselves
            reporting.start()


class AgoraAdminConfig(AdminConfig):
    default_site = "config.admin.AgoraAdminSite"
