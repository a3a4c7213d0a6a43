"""Emails about unread messages."""

from uuid import UUID

from django.conf import settings
from django.urls import reverse

from accounts.subscriptions.services import default_topics, notifications, subscriptions
from chat.messages import topics
from chat.messages.services import unread
from chat.rooms.models import Membership, Room
from core.mail import services as mail


def send_unread_email(*, room_uid: UUID, user_uid: UUID, up_to: int, key: str) -> None:
    """Email a user about unread messages, unless they have read them or left the room.

    Removed messages are left out. Without any message left, no email is sent.
    """
    places = Membership.objects.active().filter(room__uid=room_uid, user__uid=user_uid, muted=False)
    place = places.filter(user__is_active=True).select_related("room", "user").first()
    if place is None or place.last_read_seq >= up_to:
        return
    unread_messages = unread.get_unread(place)
    if not unread_messages.messages:
        unread.release_claim(place=place, up_to=up_to)
        return
    row = default_topics.get_subscription(user=place.user, topic=topics.UNREAD_TOPIC)
    if row is None:
        return
    stop = f"{settings.SITE_URL}{reverse('subscriptions:unsubscribe', args=[subscriptions.get_unsubscribe_token(row)])}"
    authors = {message.author.display_name for message in unread_messages.messages if message.author}
    values = {
        "unread": unread_messages,
        "author": authors.pop() if len(authors) == 1 else "",
        "title": place.room.title if place.room.kind != Room.Kind.DIRECT else "",
        "url": f"{settings.SITE_URL}{place.room.get_absolute_url()}#unread",
        "stop_url": stop,
        "settings_url": f"{settings.SITE_URL}{reverse('accounts:notifications')}",
    }
    mail.send(
        "unread_messages",
        to=place.user.email,
        key=key,
        values=values,
        headers=notifications.get_unsubscribe_headers(stop),
    )
