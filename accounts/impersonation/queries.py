"""Which events staff caused while impersonating."""

from collections.abc import Iterable
from typing import NamedTuple

from django.utils.translation import gettext

from accounts.users.models import User
from accounts.users.queries import get_display_names
from core.events.models import Event


class ImpersonationNames(NamedTuple):
    """Display names of the member of staff and the impersonated person."""

    staff: str
    person: str

    def __str__(self) -> str:
        return gettext("%(staff)s for %(person)s") % self._asdict()


def get_impersonation_names(events: Iterable[Event]) -> dict[int, ImpersonationNames]:
    """Return the names for events caused while impersonating, by primary key.

    One query; none where there are no such events.
    """
    acted = [event for event in events if event.impersonator_id and event.actor_kind == User.public_kind]
    names = get_display_names(uid for event in acted for uid in (event.impersonator_id, event.actor_id))
    return {
        event.pk: ImpersonationNames(names[event.impersonator_id], names[event.actor_id])
        for event in acted
        if event.impersonator_id in names and event.actor_id in names
    }
