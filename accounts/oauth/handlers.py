"""Emails about OAuth tokens."""

from django.conf import settings
from django.urls import reverse

from accounts.oauth.models import Client
from accounts.sessions.models import Device
from accounts.users.models import User
from core.events import services as events
from core.events.models import Event
from core.mail import services as mail


@events.on("user.reused_refresh_token", outside=True)
def tell_of_reused_token(event: Event, key: str) -> None:
    """Name the client or the app's device; send nothing when it was deleted or the account is disabled."""
    user = User.objects.filter(uid=event.subject_id, is_active=True).first()
    came: Client | Device | None
    if client_id := event.data.get("client"):
        page, came = "accounts:connected_apps", Client.objects.filter(client_id=client_id).first()
    else:
        page, came = "accounts:sessions", Device.objects.filter(uid=event.data["device"]).first()
    if user is not None and came is not None:
        values = {"name": str(came), "at": event.at, "url": f"{settings.SITE_URL}{reverse(page)}"}
        mail.send("token_reused", to=user.email, key=key, values=values)
