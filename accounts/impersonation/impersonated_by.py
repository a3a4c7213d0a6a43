"""Whose name a session acts in. The session is that of the member of staff; a mark in it names the impersonation."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.sessions.backends.base import SessionBase

from accounts.impersonation import services as impersonations
from accounts.users.models import User

MARK: Final = "impersonation"  # in the session: the uid of the impersonation that is on


@dataclass(frozen=True, slots=True)
class InName:
    """`staff` acts in the name of `person` until a moment."""

    uid: UUID
    staff: User
    person: User
    until: datetime


def begin(session: SessionBase, uid: UUID) -> None:
    session[MARK] = str(uid)


def of(session: SessionBase, staff: User) -> InName | None:
    """In whose name the session of this member of staff acts now. No query for a session without a mark.

    The mark is taken out once it is over.
    """
    mark = session.get(MARK)
    if not mark:
        return None
    found = impersonations.running(uid=UUID(mark), staff=staff)
    if found is None:
        forget(session)
        return None
    return InName(found.uid, staff, found.person, found.expires_at)


def forget(session: SessionBase) -> None:
    session.pop(MARK, None)
