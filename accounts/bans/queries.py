"""Whether somebody is banned."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.bans.models import Ban


def is_banned(person: OuterRef, now: datetime) -> Exists:
    """Whether a person is banned from the whole house, to annotate a query of something that points at them."""
    return Exists(Ban.objects.running(now).filter(user=person, scope=Ban.Scope.ALL))
