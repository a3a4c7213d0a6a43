"""Take out what a profile says, and put it back: what was there is kept for a while."""

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
    """Remove words and picture, and keep them apart; False when there are none. The name stays: others know them by it.

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
    """Give back what was taken out; False when nothing is kept. What they wrote or chose since then stays.

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
    """Forget what was taken out of a profile; its person is erased. Part of a transaction of the caller."""
    _delete_removed_content(KeptProfile.objects.select_related("avatar").filter(user=user).first())


def purge_expired(*, now: datetime | None = None) -> int:
    """Forget what was taken out longer ago than KEEP, each in a transaction of its own; gives how many."""
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
    """The picture goes with its files unless the profile shows it again."""
    if kept is None:
        return
    picture: Picture | None = kept.avatar
    kept.delete()
    if picture is not None:
        pictures.remove_picture(picture)
