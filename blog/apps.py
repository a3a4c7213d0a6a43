"""The journal."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = _("Journal")

    def ready(self) -> None:
        from blog import cards, handlers, moderation, panels, privacy, search, topics  # noqa: F401  they register on import
