"""Emails about API keys."""

from django.conf import settings
from django.urls import reverse

from accounts.api_keys.models import ApiKey
from core.events import services as events
from core.events.models import Event
from core.mail import services as mail


@events.on("api_key.added", outside=True)
def tell_of_key(event: Event, key: str) -> None:
    """Its name and its prefix, never the key; not to a closed account."""
    made = ApiKey.objects.select_related("user").get(uid=event.subject_id)
    if made.user.is_active:
        url = f"{settings.SITE_URL}{reverse('accounts:api_keys')}"
        mail.send("api_key_added", to=made.user.email, key=key, values={"made": made, "url": url})
