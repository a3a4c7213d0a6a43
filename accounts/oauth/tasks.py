"""What is over is forgotten."""

from celery import shared_task
from django.utils import timezone
from oauth2_provider.models import clear_expired

from accounts.oauth import backchannel
from accounts.oauth.models import DeviceGrant


@shared_task(name="accounts.forget_oauth_tokens")
def forget_oauth_tokens() -> None:
    """Codes and tokens that have expired; of a refresh token that was used, its mark stays until it would have."""
    clear_expired()
    DeviceGrant.objects.filter(expires__lt=timezone.now()).delete()


@shared_task(name="accounts.send_logouts")
def send_logouts(client_id: int) -> None:
    """Tell one client of the sessions that ended."""
    backchannel.send_due(client_id)


@shared_task(name="accounts.sweep_logouts")
def sweep_logouts() -> None:
    """Find what is to be tried again, and what a lost hint or a dead worker left."""
    for client_id in backchannel.get_due_clients():
        send_logouts.delay(client_id)
