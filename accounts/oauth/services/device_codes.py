"""Allow or deny a device."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.oauth.models import Client, DeviceGrant
from accounts.oauth.services import consents
from accounts.users.models import User
from core.context import Actor
from core.errors import NotFound
from core.events import services as events


class NoSuchCode(NotFound):
    code = "no_such_code"
    message = _("Invalid or expired code. Start again on the device.")


def get_pending_device(*, user_code: str, now: datetime | None = None) -> tuple[DeviceGrant, Client]:
    """Return the device with a code, and its client. Raises NoSuchCode."""
    pending = DeviceGrant.objects.filter(status=DeviceGrant.AUTHORIZATION_PENDING, expires__gt=now or timezone.now())
    device = pending.filter(user_code=user_code).first()
    client = Client.objects.filter(client_id=device.client_id, is_enabled=True).first() if device else None
    if device is None or client is None:
        raise NoSuchCode(field="user_code")
    return device, client


@transaction.atomic
def decide(
    *, user_code: str, user: User, allow: bool, auth_time: datetime, by: Actor, now: datetime | None = None
) -> None:
    """Allow or deny a device, once. `auth_time` is that of the sign-in. Raises NoSuchCode.

    Records consent.given, or consent.refused.
    """
    now = now or timezone.now()
    device, client = get_pending_device(user_code=user_code, now=now)
    status = DeviceGrant.AUTHORIZED if allow else DeviceGrant.DENIED
    pending = DeviceGrant.objects.filter(pk=device.pk, status=DeviceGrant.AUTHORIZATION_PENDING)
    if not pending.update(status=status, user=user, auth_time=auth_time):
        raise NoSuchCode(field="user_code")
    if allow:
        consents.give_consent(user=user, client=client, scopes=device.scope.split(), by=by, now=now)
    else:
        events.record("consent.refused", client, by=by, now=now)
