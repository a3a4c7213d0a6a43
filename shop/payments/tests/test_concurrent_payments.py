"""Many voices at once about one payment: one of them is heard."""

import pytest
from django.utils import timezone

from core.testing import events_named, failures, race
from shop.catalogue.models import Product
from shop.order_management.services import orders
from shop.orders.models import Order
from shop.payments.models import LedgerEntry, Payment, SandboxCharge
from shop.payments.providers import sandbox
from shop.payments.providers.sandbox import ChargeClosed, Outcome
from shop.payments.services import payments
from shop.stock.models import StockLevel
from shop.tests.factories import SYSTEM, VariantFactory, place, settle, start

pytestmark = pytest.mark.usefixtures("sums_hold")


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_ten_voices_saying_paid_confirm_once(self, db: None) -> None:
        order = place()
        attempt = start(order)
        sandbox.settle_charge(ref=attempt.provider_ref, outcome=Outcome.PAY, webhook_delays=())

        results = race(*[lambda: payments.sync_payment(payment_id=attempt.pk, by=SYSTEM)] * 10)

        assert failures(results) == []
        assert LedgerEntry.objects.count() == len(events_named("order.paid")) == 1
        assert Product.objects.get().popularity == 1

    def test_paying_while_the_order_expires_ends_paid_or_expired_never_between(self, db: None) -> None:
        for _ in range(5):
            order = place({VariantFactory(stock=1): 1})
            attempt = start(order)
            Order.objects.filter(pk=order.pk).update(expires_at=timezone.now())

            def pay(attempt: Payment = attempt) -> None:
                try:
                    sandbox.settle_charge(ref=attempt.provider_ref, outcome=Outcome.PAY, webhook_delays=())
                except ChargeClosed:
                    return
                payments.sync_payment(payment_id=attempt.pk, by=SYSTEM)

            results = race(pay, lambda: orders.expire_orders(by=SYSTEM))

            assert failures(results) == []
            order.refresh_from_db()
            attempt.refresh_from_db()
            level = StockLevel.objects.get(variant=order.lines.get().variant)
            assert (order.status, attempt.status, level.reserved) in [
                ("paid", "captured", 1),
                ("expired", "cancelled", 0),
            ]

    def test_two_attempts_begun_at_once_are_one(self, db: None) -> None:
        order = place()
        settle(start(order), Outcome.DECLINE)

        results = race(*[lambda: start(order)] * 8)

        assert failures(results) == []
        assert len({attempt.pk for attempt in results}) == 1
        assert SandboxCharge.objects.count() == 2
