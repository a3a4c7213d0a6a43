"""Ways to pay, by code."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from core.errors import Invalid
from shop.payments.providers.bank_transfer import BankTransfer
from shop.payments.providers.base import PaymentProvider, leave_transaction
from shop.payments.providers.sandbox import Sandbox

__all__ = ["UnknownProvider", "ask", "chosen", "known", "offered"]


class UnknownProvider(Invalid):
    code = "unknown_provider"
    message = _("Choose one of the ways to pay.")


_providers: dict[str, PaymentProvider] = {provider.code: provider for provider in (Sandbox(), BankTransfer())}


def known(code: str) -> PaymentProvider:
    """The provider of that code, to read its name and its rules. Raises UnknownProvider."""
    if code not in _providers:
        raise UnknownProvider(field="provider")
    return _providers[code]


def ask(code: str) -> PaymentProvider:
    """The provider of that code, to be called. Raises RuntimeError inside a transaction, and UnknownProvider."""
    leave_transaction()
    return known(code)


def offered() -> list[PaymentProvider]:
    """What the checkout offers, in order."""
    return [known(code) for code in settings.PAYMENT_PROVIDERS]


def chosen(code: str) -> PaymentProvider:
    """The provider a customer chose. Raises UnknownProvider for what is not offered, such as a sandbox outside one."""
    if code not in settings.PAYMENT_PROVIDERS:
        raise UnknownProvider(field="provider")
    return known(code)
