"""Ends impersonations of closed accounts, and notifies the person."""

from typing import Any

from django.conf import settings
from django.contrib.auth import signals
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.impersonation import services as impersonations
from accounts.impersonation.models import Impersonation
from core.context import Actor
from core.events import services as events
from core.events.models import Event
from core.mail import services as mail


@receiver(signals.user_logged_out)
def end_by_sign_out(request: HttpRequest, **_: Any) -> None:
    """Signing out ends an impersonation. The session still exists when this signal is sent."""
    if impersonation := getattr(request, "impersonated_by", None):
        impersonations.end(uid=impersonation.uid, because="signed_out", by=Actor.person(impersonation.staff))


@events.on("user.closed")
def end_impersonations(event: Event) -> None:
    """End impersonations by and of a disabled account."""
    impersonations.end_all(person_uid=event.subject_id)


@events.on("user.impersonated", outside=True)
def tell_of_impersonation(event: Event, key: str) -> None:
    row = Impersonation.objects.filter(uid=event.data["impersonation"]).select_related("person", "by").first()
    if row is not None and settings.IMPERSONATION_IS_MAILED:
        mail.send("impersonated", to=row.person.email, key=key, values={"staff": row.by, "at": event.at})
