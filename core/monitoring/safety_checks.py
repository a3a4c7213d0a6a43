"""The doctor's checks of settings that work, and are not safe where others can reach the site."""

from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from core.monitoring.doctor import Finding, broken, check, off, ok, warning

# The demo's account, which is printed in every copy of this project.
DEMO_IBAN: Final = "DE02120300000000202051"
SANDBOX: Final = "sandbox"
# The widest networks that one still knows the machines of.
WIDEST: Final = {4: 8, 6: 32}
# Where a container asks the cloud about itself, and gets its keys.
METADATA: Final = (ip_address("169.254.169.254"), ip_address("fd00:ec2::254"))
EASY_PASSWORDS: Final = frozenset({"agora", "changeme", "password", "postgres", "secret"})
SHORTEST_TOKEN: Final = 16
LOCAL: Final = ("localhost", "127.0.0.1", "::1", "[::1]", "")


@check("debug")
def debug() -> Finding:
    if settings.DEBUG:
        return warning("DEBUG is on: pages of errors show code and settings.", "Set DEBUG=0 where others can come.")
    return ok("DEBUG is off.")


@check("payments")
def payments() -> Finding:
    """A provider that anybody can tell to have paid, and an account that is not the shop's."""
    says = warning if settings.DEBUG else broken
    if SANDBOX in settings.PAYMENT_PROVIDERS:
        fix = f"Take {SANDBOX} out of PAYMENT_PROVIDERS before the shop opens."
        return says("The sandbox is a payment provider: anybody can pay with it without money.", fix)
    if DEMO_IBAN in settings.BANK_ACCOUNT.replace(" ", ""):
        return says("BANK_ACCOUNT is that of the demo.", "Write the shop's own IBAN into BANK_ACCOUNT.")
    return (
        ok(f"Paid by {', '.join(settings.PAYMENT_PROVIDERS)}.") if settings.PAYMENT_PROVIDERS else off("None is set.")
    )


@check("networks of webhooks")
def webhook_networks() -> Finding:
    """Every network in WEBHOOK_ALLOWED_NETWORKS is reachable by everyone who can add a webhook."""
    wide, inner = [], []
    for text in settings.WEBHOOK_ALLOWED_NETWORKS:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            return broken(f"WEBHOOK_ALLOWED_NETWORKS holds {text}, which is no network.", "Write it as 10.1.2.0/24.")
        if network.prefixlen < WIDEST[network.version]:
            wide.append(str(network))
        elif network.is_loopback or any(address in network for address in METADATA):
            inner.append(str(network))
    fix = "Name only the networks of the receivers, as narrow as they are."
    if wide:
        return broken(
            f"WEBHOOK_ALLOWED_NETWORKS allows {', '.join(wide)}: webhooks may call every machine inside.", fix
        )
    if inner and not settings.DEBUG:
        return warning(f"WEBHOOK_ALLOWED_NETWORKS allows {', '.join(inner)}: this machine or its cloud's keys.", fix)
    return ok(
        "Webhooks go " + (f"out, and to {', '.join(settings.WEBHOOK_ALLOWED_NETWORKS)}." if inner else "out only.")
    )


@check("hosts")
def hosts() -> Finding:
    """By which names the site answers, and who may read its API from a browser."""
    says = warning if settings.DEBUG else broken
    if any(host in {"*", "."} for host in settings.ALLOWED_HOSTS):
        return says("ALLOWED_HOSTS allows every name.", "Name the hosts, or leave ALLOWED_HOSTS away.")
    plain = [origin for origin in settings.CORS_ALLOWED_ORIGINS if urlsplit(origin).scheme != "https"]
    if plain and not settings.DEBUG:
        return warning(f"CORS_ALLOWED_ORIGINS allows {', '.join(plain)} without https.", "Allow https origins only.")
    if not settings.DEBUG and not settings.SECURE_SSL_REDIRECT:
        return warning("SSL_REDIRECT is off: pages are also given without https.", "Leave SSL_REDIRECT away.")
    return ok(", ".join(settings.ALLOWED_HOSTS))


@check("secrets")
def secrets() -> Finding:
    """Passwords that stand in examples, and tokens that can be guessed."""
    if settings.DEBUG:
        return off("DEBUG is on: those of development.")
    if str(settings.DATABASES["default"].get("PASSWORD", "")).lower() in EASY_PASSWORDS:
        return broken(
            "The database's password is that of an example.", "Choose a long random one, and change it there."
        )
    if 0 < len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        fix = "Write 32 random characters into METRICS_TOKEN."
        return warning(f"METRICS_TOKEN is shorter than {SHORTEST_TOKEN} characters.", fix)
    return ok("No password of an example, no short token.")


def is_unencrypted_mail() -> bool:
    """Whether mails, with the codes and links in them, leave this machine unencrypted."""
    return settings.EMAIL_URL.scheme == "smtp" and settings.EMAIL_HOST not in LOCAL
