"""The checks after a successful authentication, in one query for each sign-in."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef

from accounts.authentication import mfa
from accounts.bans import services as bans
from accounts.users.models import Closing, User
from core import context

STATUS_ATTRIBUTE: Final = "_login_status"  # cached on the user of a request


@dataclass(frozen=True, slots=True)
class LoginStatus:
    """Banned from the whole site or by network; scheduled for deletion; without the two-factor method that a role
    requires.
    """

    is_banned: bool
    is_deletion_pending: bool
    is_mfa_missing: bool


def get_login_status(user: User) -> LoginStatus:
    """Return the status of a person who signs in. One query, cached on the object."""
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
        is_required=Exists(mfa.roles_requiring_mfa(person)),
        held=Exists(mfa.get_authenticators(person)),
    )
    is_staff, banned, closing, is_required, held = found.values_list(
        "is_staff", "banned", "closing", "is_required", "held"
    ).get()
    return LoginStatus(banned, closing, is_staff and is_required and not held)
