"""The journal."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core.autodiscovery import import_rooms


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = _("Journal")

    def ready(self) -> None:
        import_rooms("blog")
