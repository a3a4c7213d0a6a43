"""Deletes expired tokens and sends logout notifications."""

from celery import shared_task
from django.utils import timezone
from oauth2_provider.models import clear_expired

from accounts.oauth import backchannel
from accounts.oauth.models import DeviceGrant


@shared_task(name="accounts.forget_oauth_tokens")
def forget_oauth_tokens() -> None:
    """Delete expired codes and tokens; used refresh tokens are retained until they would have expired."""
    clear_expired()
    DeviceGrant.objects.filter(expires__lt=timezone.now()).delete()


@shared_task(name="accounts.send_logouts")
def send_logouts(client_id: int) -> None:
    """Send the logout notifications of one client."""
    backchannel.send_due(client_id)


@shared_task(name="accounts.sweep_logouts")
def sweep_logouts() -> None:
    """Enqueue notifications that are due, including those of failed workers."""
    for client_id in backchannel.get_due_clients():
        send_logouts.delay(client_id)
