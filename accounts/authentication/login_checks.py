"""What the house asks of whoever has just proved who they are: all of it in one query, once for each sign-in."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef

from accounts.authentication import mfa
from accounts.bans import services as bans
from accounts.users.models import Closing, User
from core import context

MET: Final = "_met_at_the_door"  # on the person, for as long as this request has them


@dataclass(frozen=True, slots=True)
class Met:
    """Banned from the whole house, or in a network that is; closing; without the second factor that a role asks for."""

    is_banned: bool
    is_closing: bool
    misses_factor: bool


def met(user: User) -> Met:
    """What is to be known of a person who signs in. One query, however often it is asked of the same object."""
    known = getattr(user, MET, None)
    if not isinstance(known, Met):
        known = _look(user)
        setattr(user, MET, known)
    return known


def _look(user: User) -> Met:
    person = OuterRef("pk")
    found = User.objects.filter(pk=user.pk).annotate(
        banned=Exists(bans.running_for(user, bans.Scope.ALL, context.current().address or "")),
        closing=Exists(Closing.objects.running().filter(user=person)),
        asked=Exists(mfa.asked_of(person)),
        held=Exists(mfa.held_by(person)),
    )
    is_staff, banned, closing, asked, held = found.values_list("is_staff", "banned", "closing", "asked", "held").get()
    return Met(banned, closing, is_staff and asked and not held)
