"""New keys for what is encrypted: everything reads on, and the old key is not needed to read it."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import Fernet, InvalidToken
from django.core.management import call_command

from core import encryption
from core.context import Actor
from core.webhooks.models import Webhook
from core.webhooks.services import endpoints

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(customer, staff):
    TOTP.activate(customer, "SECRETSECRETSECR")
    codes = RecoveryCodes.activate(customer).generate_codes()
    webhook = endpoints.add_webhook(url="http://127.0.0.1:9/", wanted=["order.paid"], by=Actor.person(staff))
    return codes, webhook.secret


def test_after_a_rotation_nothing_needs_the_old_key_to_be_read(kept, settings, capsys):
    codes, secret = kept
    old, new = settings.DATA_KEYS[0], Fernet.generate_key().decode()
    settings.DATA_KEYS = [new, old]

    call_command("rotate_keys")

    settings.DATA_KEYS = [new]
    rows = {row.type: row for row in Authenticator.objects.all()}
    assert encryption.decrypt(rows["totp"].data["secret"]) == "SECRETSECRETSECR"
    assert rows["recovery_codes"].wrap().generate_codes() == codes
    assert encryption.decrypt(Webhook.objects.get().secret) == secret
    assert capsys.readouterr().out.split("\n")[:2] == ["Second factors: 2", "Webhooks: 1"]


def test_without_the_rotation_the_old_key_is_missed(kept, settings):
    settings.DATA_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(InvalidToken):
        Authenticator.objects.get(type="recovery_codes").wrap().generate_codes()
