"""Chat: rooms, direct messages and the support desk, in real time."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core.autodiscovery import import_rooms


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Conversation")

    def ready(self) -> None:
        from chat.support import turns  # noqa: F401  registers on import

        import_rooms("chat")
