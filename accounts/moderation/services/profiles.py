"""Remove and restore profile content."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from accounts.moderation.models import KeptProfile
from accounts.users import services as people
from accounts.users.models import User
from accounts.users.services import ProfileChanges
from core.content.models import Picture
from core.content.services import pictures
from core.context import Actor

REMOVED_CONTENT_RETENTION: Final = timedelta(days=30)


@transaction.atomic
def remove_content(*, user_id: int, by: Actor, now: datetime | None = None) -> bool:
    """Remove bio and picture, and store them for a while; False when there are none. The name stays.

    Locks the person. Raises and records what `people.change_profile` does.
    """
    now = now or timezone.now()
    user = User.objects.select_for_update(of=("self",)).select_related("avatar").get(pk=user_id)
    if not user.bio and user.avatar is None:
        return False
    _delete_removed_content(KeptProfile.objects.select_related("avatar").filter(user=user).first())
    KeptProfile.objects.create(user=user, bio=user.bio, avatar=user.avatar, taken_at=now)
    people.change_profile(user_id=user_id, by=by, now=now, bio="", avatar=None)
    return True


@transaction.atomic
def restore_content(*, user_id: int, by: Actor, now: datetime | None = None) -> bool:
    """Restore removed content; False when none is stored. Later changes by the person stay.

    Locks the person. Raises and records what `people.change_profile` does.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    kept = KeptProfile.objects.select_related("avatar").filter(user=user).first()
    if kept is None:
        return False
    back: ProfileChanges = {}
    if kept.bio and not user.bio:
        back["bio"] = kept.bio
    if kept.avatar is not None and user.avatar_id is None:
        back["avatar"] = kept.avatar
    people.change_profile(user_id=user_id, by=by, now=now, **back)
    _delete_removed_content(kept)
    return True


def purge_removed_content(*, user: User) -> None:
    """Delete the stored content of a person who is erased. Part of the caller's transaction."""
    _delete_removed_content(KeptProfile.objects.select_related("avatar").filter(user=user).first())


def purge_expired(*, now: datetime | None = None) -> int:
    """Delete content that was removed before REMOVED_CONTENT_RETENTION one by one; returns how many."""
    old = KeptProfile.objects.filter(taken_at__lt=(now or timezone.now()) - REMOVED_CONTENT_RETENTION).select_related(
        "avatar"
    )
    forgotten = 0
    for kept in old.iterator():
        with transaction.atomic():
            _delete_removed_content(kept)
        forgotten += 1
    return forgotten


def _delete_removed_content(kept: KeptProfile | None) -> None:
    """Delete the stored content, and the picture unless the profile shows it again."""
    if kept is None:
        return
    picture: Picture | None = kept.avatar
    kept.delete()
    if picture is not None:
        pictures.remove_picture(picture)
