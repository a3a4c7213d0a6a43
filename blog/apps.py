"""The journal."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BlogConfig(AppConfig):
    name = "blog"
    verbose_name = _("Journal")

    def ready(self) -> None:
        from blog.comments import moderation, privacy, topics  # noqa: F401  they register on import
        from blog.journal import panels  # noqa: F401  they register on import
        from blog.posts import cards, handlers, search  # noqa: F401  they register on import
