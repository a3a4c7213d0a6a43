"""The conversation: rooms, direct messages and the support desk, in real time."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Conversation")

    def ready(self) -> None:
        from chat.messages import cards, moderation, privacy, topics  # noqa: F401  they register on import
        from chat.rooms import search  # noqa: F401  they register on import
        from chat.support import handlers, panels  # noqa: F401  they register on import
