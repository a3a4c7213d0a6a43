"""Ways to pay, by code."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid
from shop.payments.providers.bank_transfer import BankTransfer
from shop.payments.providers.base import PaymentProvider, require_no_transaction
from shop.payments.providers.sandbox import Sandbox

__all__ = [
    "UnknownProvider",
    "get_offered_provider",
    "get_offered_providers",
    "get_provider",
    "get_provider_name",
    "get_provider_outside_transaction",
]


class UnknownProvider(Invalid):
    code = "unknown_provider"
    message = _("Choose one of the available payment methods.")


_providers: dict[str, PaymentProvider] = {provider.code: provider for provider in (Sandbox(), BankTransfer())}


def get_provider(code: str) -> PaymentProvider:
    """The provider of that code, to read its name and its rules. Raises UnknownProvider."""
    if code not in _providers:
        raise UnknownProvider(field="provider")
    return _providers[code]


def get_provider_name(code: str) -> str:
    """The name of a provider, or its code if it no longer exists."""
    return str(_providers[code].name) if code in _providers else code


def get_provider_outside_transaction(code: str) -> PaymentProvider:
    """The provider of that code, to be called. Raises RuntimeError inside a transaction, and UnknownProvider."""
    require_no_transaction()
    return get_provider(code)


def get_offered_providers() -> list[PaymentProvider]:
    """What the checkout offers, in order."""
    return [get_provider(code) for code in settings.PAYMENT_PROVIDERS]


def get_offered_provider(code: str) -> PaymentProvider:
    """The provider a customer chose. Raises UnknownProvider for what is not offered, such as a sandbox outside one."""
    if code not in settings.PAYMENT_PROVIDERS:
        raise UnknownProvider(field="provider")
    return get_provider(code)
