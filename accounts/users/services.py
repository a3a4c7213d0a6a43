"""Change a profile."""

from datetime import datetime
from typing import TypedDict, Unpack
from unicodedata import normalize

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.users.models import User
from core.content.models import Picture
from core.content.services import pictures
from core.context import Actor
from core.errors import Denied, Invalid
from core.events import services as events
from core.validation.text import contains_control_characters, has_visible_text, strip_invisible


class ProfileChanges(TypedDict, total=False):
    """Changes of a profile; omitted fields stay."""

    name: str
    bio: str
    avatar: Picture | None


class InvalidName(Invalid):
    code = "invalid_name"
    message = _("Enter a name with visible letters, without line breaks or other control characters.")


class InvalidBio(Invalid):
    code = "invalid_bio"
    message = _("Remove the control characters.")


def clean_name(text: str) -> str:
    """Return a name as stored: one line, normalised, without invisible characters. Raises InvalidName."""
    if contains_control_characters(text):
        raise InvalidName(field="name")
    name = " ".join(normalize("NFC", strip_invisible(text)).split())
    if text.strip() and not has_visible_text(name):
        raise InvalidName(field="name")
    return name


@transaction.atomic
def change_profile(*, user_id: int, by: Actor, now: datetime | None = None, **changes: Unpack[ProfileChanges]) -> User:
    """Change parts of a profile; a replaced picture is deleted with its files. Locks the person.

    Raises Denied unless it is one's own or `by` has accounts.change_user, InvalidName, InvalidBio. Records
    user.changed_profile with the changed fields.
    """
    user = User.objects.select_for_update(of=("self",)).get(pk=user_id)
    if by.id != user.public_id and not by.can("accounts.change_user"):
        raise Denied(required_permission="accounts.change_user")
    if "name" in changes:
        changes["name"] = clean_name(changes["name"])
    if contains_control_characters(changes.get("bio", ""), allow="\n\r\t"):
        raise InvalidBio(field="bio")
    former = user.avatar
    changed = [name for name, value in changes.items() if getattr(user, name) != value]
    if changed:
        for name in changed:
            setattr(user, name, changes[name])  # type: ignore[literal-required]
        user.save(update_fields=changed)
        if "avatar" in changed and former is not None:
            pictures.remove_picture(former)
        events.record("user.changed_profile", user, by=by, now=now, changed=sorted(changed))
    return user
