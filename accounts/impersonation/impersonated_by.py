"""Whose name a session acts in. The session is that of the member of staff; a mark in it names the impersonation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from accounts.impersonation import services as impersonations
from accounts.users.models import User

SESSION_KEY: Final = "impersonation"  # in the session: the uid of the impersonation that is on


@dataclass(frozen=True, slots=True)
class ImpersonatedBy:
    """`staff` acts in the name of `person` until a moment."""

    uid: UUID
    staff: User
    person: User
    until: datetime


def begin(session: SessionBase, uid: UUID) -> None:
    session[SESSION_KEY] = str(uid)


def get_impersonated_by(session: SessionBase, staff: User) -> ImpersonatedBy | None:
    """In whose name the session of this member of staff acts now. No query for a session without a mark.

    The mark is taken out once it is over.
    """
    mark = session.get(SESSION_KEY)
    if not mark:
        return None
    found = impersonations.get_active_impersonation(uid=UUID(mark), staff=staff)
    if found is None:
        clear(session)
        return None
    return ImpersonatedBy(found.uid, staff, found.person, found.expires_at)


def clear(session: SessionBase) -> None:
    session.pop(SESSION_KEY, None)
