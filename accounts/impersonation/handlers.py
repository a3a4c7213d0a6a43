"""Ends impersonations of closed accounts, and notifies the person."""

from django.conf import settings

from accounts.impersonation import services as impersonations
from accounts.impersonation.models import Impersonation
from core.events import services as events
from core.events.models import Event
from core.mail import services as mail


@events.on("user.closed")
def end_impersonations(event: Event) -> None:
    """Nobody acts in the name of a closed account, nor from one."""
    impersonations.end_all(person_uid=event.subject_id)


@events.on("user.impersonated", outside=True)
def tell_of_impersonation(event: Event, key: str) -> None:
    row = Impersonation.objects.filter(uid=event.data["impersonation"]).select_related("person", "by").first()
    if row is not None and settings.IMPERSONATION_IS_MAILED:
        mail.send("impersonated", to=row.person.email, key=key, values={"staff": row.by, "at": event.at})
