"""A provider with faults."""

from collections.abc import Callable
from typing import TypeVar

from shop.payments.models import Payment, Refund
from shop.payments.providers.base import CreatedPayment, ProviderRefused, ProviderUnavailable, Snapshot
from shop.payments.providers.sandbox import Sandbox

T = TypeVar("T")


class FlakySandbox(Sandbox):
    """Does what the sandbox does, except that chosen calls fail before or after they took effect.

    `silent` names calls that do nothing and time out, `deaf` calls that work but whose answer is lost, `refusing` calls
    that are refused. `meanwhile` runs once before the next call, as if another process came in between.
    """

    def __init__(self) -> None:
        self.silent: set[str] = set()
        self.deaf: set[str] = set()
        self.refusing: set[str] = set()
        self.meanwhile: Callable[[], object] | None = None
        self.calls: list[str] = []

    def create(self, payment: Payment, return_url: str) -> CreatedPayment:
        self._before("create")
        return self._after("create", super().create(payment, return_url))

    def fetch(self, payment: Payment) -> Snapshot:
        self._before("fetch")
        return self._after("fetch", super().fetch(payment))

    def cancel(self, payment: Payment) -> None:
        self._before("cancel")
        return self._after("cancel", super().cancel(payment))

    def refund(self, refund: Refund) -> str:
        self._before("refund")
        return self._after("refund", super().refund(refund))

    def _before(self, call: str) -> None:
        self.calls.append(call)
        came, self.meanwhile = self.meanwhile, None
        if came:
            came()
        if call in self.silent:
            raise ProviderUnavailable
        if call in self.refusing:
            raise ProviderRefused(reason="not_today")

    def _after(self, call: str, answer: T) -> T:
        if call in self.deaf:
            raise ProviderUnavailable
        return answer
