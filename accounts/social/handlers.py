"""Records events when social accounts are connected and disconnected."""

from typing import Any

from allauth.socialaccount import signals
from allauth.socialaccount.models import SocialAccount
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.sessions import devices
from accounts.users.models import User
from core.context import Actor
from core.events import services as events


@receiver(post_save, sender=SocialAccount)
def note_connected(instance: SocialAccount, created: bool, **_: Any) -> None:
    if created:
        user: User = instance.user
        events.record("user.connected_account", user, by=Actor.person(user), provider=instance.provider)


@receiver(post_delete, sender=SocialAccount)
def note_disconnected(instance: SocialAccount, **_: Any) -> None:
    user: User = instance.user
    events.record("user.disconnected_account", user, by=Actor.person(user), provider=instance.provider)


@receiver(signals.social_account_added)
@receiver(signals.social_account_removed)
def end_other_sessions(request: HttpRequest, **_: Any) -> None:
    """End other sessions when a sign-in method is added or removed."""
    if isinstance(request.user, User):
        devices.end_access(request, request.user)
