"""The doctor names settings that work and are not safe."""

import pytest
from django.core.mail import get_connection

from config.email_url import parse
from core.monitoring import checks, safety_checks
from core.monitoring.doctor import State

DEVELOPMENT_DATA_KEY = "ZGV2ZWxvcG1lbnQtb25seS1kYXRhLWtleS0wMTIzNDU="
GOOD_KEY = "s" * 60


@pytest.fixture(autouse=True)
def production(settings):
    """Settings with nothing to find."""
    settings.DEBUG = False
    settings.SECRET_KEY = GOOD_KEY
    settings.DATA_KEYS = ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]
    settings.PAYMENT_PROVIDERS = ["stripe"]
    settings.BANK_ACCOUNT = ""
    settings.WEBHOOK_ALLOWED_NETWORKS = ["10.1.2.0/24"]
    settings.ALLOWED_HOSTS = ["shop.example"]
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    settings.SECURE_SSL_REDIRECT = True
    settings.METRICS_TOKEN = "m" * 32
    settings.EMAIL_URL = parse("smtp+tls://u:p@mail.example")
    settings.EMAIL_HOST = "mail.example"


CHECKS = {
    "keys": checks.keys,
    "debug": safety_checks.debug,
    "payments": safety_checks.payments,
    "networks": safety_checks.webhook_networks,
    "hosts": safety_checks.hosts,
    "secrets": safety_checks.secrets,
}
UNSAFE = [
    ("keys", "SECRET_KEY", "development-only-" + "k" * 50, State.BROKEN),
    ("keys", "DATA_KEYS", [DEVELOPMENT_DATA_KEY], State.BROKEN),
    ("keys", "DATA_KEYS", ["MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", DEVELOPMENT_DATA_KEY], State.BROKEN),
    ("debug", "DEBUG", True, State.WARNING),
    ("payments", "PAYMENT_PROVIDERS", ["stripe", "sandbox"], State.BROKEN),
    ("payments", "BANK_ACCOUNT", "Agora\nIBAN DE02 1203 0000 0000 2020 51", State.BROKEN),
    ("networks", "WEBHOOK_ALLOWED_NETWORKS", ["10.1.2.0/24", "0.0.0.0/0"], State.BROKEN),
    ("networks", "WEBHOOK_ALLOWED_NETWORKS", ["::/0"], State.BROKEN),
    ("networks", "WEBHOOK_ALLOWED_NETWORKS", ["0.0.0.0/1", "128.0.0.0/1"], State.BROKEN),
    ("networks", "WEBHOOK_ALLOWED_NETWORKS", ["169.254.0.0/16"], State.WARNING),
    ("networks", "WEBHOOK_ALLOWED_NETWORKS", ["127.0.0.1/32"], State.WARNING),
    ("networks", "WEBHOOK_ALLOWED_NETWORKS", ["office"], State.BROKEN),
    ("hosts", "ALLOWED_HOSTS", ["*"], State.BROKEN),
    ("hosts", "CORS_ALLOWED_ORIGINS", ["http://app.example"], State.WARNING),
    ("hosts", "SECURE_SSL_REDIRECT", False, State.WARNING),
    ("secrets", "METRICS_TOKEN", "short", State.WARNING),
]


@pytest.mark.parametrize(("name", "setting", "value", "state"), UNSAFE, ids=lambda value: str(value)[:30])
def test_unsafe_setting_is_named(settings, name, setting, value, state):
    assert CHECKS[name]().state is State.OK
    setattr(settings, setting, value)

    found = CHECKS[name]()

    assert found.state is state
    assert found.fix
    assert setting.removeprefix("SECURE_") in found.what or setting == "PAYMENT_PROVIDERS"


def test_password_of_an_example_is_named(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", "password")

    assert safety_checks.secrets().state is State.BROKEN


@pytest.mark.parametrize("setting", ["SECRET_KEY", "DATA_KEYS", "PAYMENT_PROVIDERS"])
def test_development_is_warned_and_not_broken(settings, setting):
    bad = {
        "SECRET_KEY": "development-only-" + "k" * 50,
        "DATA_KEYS": [DEVELOPMENT_DATA_KEY],
        "PAYMENT_PROVIDERS": ["sandbox"],
    }
    settings.DEBUG = True
    setattr(settings, setting, bad[setting])

    found = safety_checks.payments() if setting == "PAYMENT_PROVIDERS" else checks.keys()

    assert found.state is State.WARNING


@pytest.mark.parametrize(
    ("url", "unencrypted"),
    [("smtp://u:p@mail.example:25", True), ("smtp+tls://u:p@mail.example", False), ("smtp://localhost:25", False)],
)
def test_mail_that_leaves_unencrypted_is_named(settings, monkeypatch, url, unencrypted):
    settings.EMAIL_URL = parse(url)
    settings.EMAIL_HOST = settings.EMAIL_URL.host
    monkeypatch.setattr(
        checks, "get_connection", lambda **_: get_connection("django.core.mail.backends.dummy.EmailBackend")
    )

    assert (checks.mail().state is State.WARNING) == unencrypted
