"""Whether somebody is banned."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from accounts.bans.models import Ban


def is_banned(person: OuterRef, now: datetime) -> Exists:
    """Annotation: whether a person is banned from the whole site."""
    return Exists(Ban.objects.running(now).filter(user=person, scope=Ban.Scope.ALL))
