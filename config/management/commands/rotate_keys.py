from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.authentication import mfa
from accounts.oauth.services import signing_keys
from core import encryption
from core.webhooks.models import Webhook


class Command(BaseCommand):
    help = (
        "Re-encrypt all secrets with the first of DATA_KEYS. After it the keys between the first and the oldest can "
        "be taken away, and the oldest too, if there are no API keys: those are checked with it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Second factors: {mfa.renew_secrets()}")
        webhooks = Webhook.objects.order_by("pk").values_list("pk", flat=True)
        self.stdout.write(f"Webhooks: {sum(_renew_webhook(pk) for pk in webhooks.iterator())}")
        self.stdout.write(f"Signing keys: {signing_keys.renew_secrets()}")


@transaction.atomic
def _renew_webhook(pk: int) -> bool:
    webhook = Webhook.objects.select_for_update().filter(pk=pk).first()
    if webhook is None:
        return False
    webhook.secret = encryption.renew(webhook.secret)
    webhook.former_secret = webhook.former_secret and encryption.renew(webhook.former_secret)
    webhook.save(update_fields=["secret", "former_secret"])
    return True
