"""The impersonation of a session. The session belongs to the member of staff; a key in it names the impersonation."""

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
    """`staff` impersonates `person` until `until`."""

    uid: UUID
    staff: User
    person: User
    until: datetime


def begin(session: SessionBase, uid: UUID) -> None:
    session[SESSION_KEY] = str(uid)


def get_impersonated_by(session: SessionBase, staff: User) -> ImpersonatedBy | None:
    """Return the active impersonation of a session. No query for a session without the key.

    Removes the key once the impersonation has ended.
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
