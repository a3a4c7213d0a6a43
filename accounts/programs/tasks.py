"""What is over is forgotten."""

from celery import shared_task
from django.utils import timezone
from oauth2_provider.models import clear_expired

from accounts.models import DeviceGrant


@shared_task(name="accounts.forget_oauth_tokens")
def forget_oauth_tokens() -> None:
    """Codes and tokens that have expired; of a refresh token that was used, its mark stays until it would have."""
    clear_expired()
    DeviceGrant.objects.filter(expires__lt=timezone.now()).delete()
