"""What the house asks of whoever has just proved who they are: all of it in one query, once for each sign-in."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef

from accounts.authentication import mfa
from accounts.bans import services as bans
from accounts.users.models import Closing, User
from core import context

STATUS_ATTRIBUTE: Final = "_met_at_the_door"  # on the person, for as long as this request has them


@dataclass(frozen=True, slots=True)
class LoginStatus:
    """Banned from the whole house, or in a network that is; closing; without the second factor that a role asks for."""

    is_banned: bool
    is_deletion_pending: bool
    is_mfa_missing: bool


def get_login_status(user: User) -> LoginStatus:
    """What is to be known of a person who signs in. One query, however often it is asked of the same object."""
    known = getattr(user, STATUS_ATTRIBUTE, None)
    if not isinstance(known, LoginStatus):
        known = _query_login_status(user)
        setattr(user, STATUS_ATTRIBUTE, known)
    return known


def _query_login_status(user: User) -> LoginStatus:
    person = OuterRef("pk")
    found = User.objects.filter(pk=user.pk).annotate(
        banned=Exists(bans.get_active_bans(user, bans.Scope.ALL, context.current().address or "")),
        closing=Exists(Closing.objects.running().filter(user=person)),
        asked=Exists(mfa.roles_requiring_mfa(person)),
        held=Exists(mfa.get_authenticators(person)),
    )
    is_staff, banned, closing, asked, held = found.values_list("is_staff", "banned", "closing", "asked", "held").get()
    return LoginStatus(banned, closing, is_staff and asked and not held)
