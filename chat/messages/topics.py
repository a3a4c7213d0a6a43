"""What the conversation writes mails about."""

from collections.abc import Collection, Mapping

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.subscriptions import topics
from accounts.subscriptions.topics import Topic, TopicInfo
from core.context import Grant

UNREAD_TOPIC = "conversations"


def _get_unread_topic(ids: Collection[str], viewer: Grant) -> Mapping[str, TopicInfo]:
    """For those who are signed in: others have no conversations."""
    return {"": TopicInfo(str(_("Unread messages")), reverse("chat:index"))} if "" in ids and viewer.user else {}


def _compose_nothing(public_id: str) -> None:
    """The email is about one person's place in a room: chat.messages.emails writes it."""


topics.register(
    Topic(
        kind=UNREAD_TOPIC,
        words=_("Unread messages"),
        reason=_("You get this email because a message in one of your conversations was unread for five minutes."),
        template="unread_messages",
        find=_get_unread_topic,
        write=_compose_nothing,
        is_public=True,
        on_by_default=True,
    )
)
