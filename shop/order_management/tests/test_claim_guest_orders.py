"""What somebody ordered as a guest is in their account once they proved that the address is theirs."""

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.authentication.services import accounts as user_accounts
from accounts.tests.factories import UserFactory
from core.context import Actor
from core.testing import deliver_events, events_named, no_event
from shop.order_management.services import orders
from shop.orders.models import Order
from shop.tests import factories

pytestmark = pytest.mark.django_db

OLD = "from.before@example.com"


@pytest.fixture
def user():
    return UserFactory(email="nora@example.com")


def prove(user, email=OLD):
    EmailAddress.objects.create(user=user, email=email, verified=True)
    user_accounts.confirm_address(user=user, email=email, by=Actor.person(user))
    deliver_events()


def test_orders_of_a_guest_come_along_with_the_address(user):
    theirs = factories.paid(email=OLD)
    others = factories.paid(email="somebody@example.com")
    deliver_events()

    prove(user)

    theirs.refresh_from_db()
    others.refresh_from_db()
    assert (theirs.user, others.user) == (user, None)
    [event] = events_named("order.claimed")
    assert (event.subject_id, event.data) == (theirs.number, {"person": str(user.uid)})


def test_an_order_that_waits_for_its_payment_stays_with_the_guest_who_pays_it(user):
    waiting = factories.place(email=OLD)

    prove(user)
    waiting.refresh_from_db()
    assert waiting.user is None

    factories.settle(factories.start(waiting))
    deliver_events()
    waiting.refresh_from_db()
    assert waiting.user == user


def test_an_order_with_a_known_address_is_in_the_account_once_it_is_paid(user):
    order = factories.paid(email=user.email)

    deliver_events()

    order.refresh_from_db()
    assert order.user == user


def test_an_address_that_nobody_proved_claims_nothing(user):
    EmailAddress.objects.create(user=user, email=OLD, verified=False)
    order = factories.paid(email=OLD)

    deliver_events()
    assert orders.claim_orders(person_uid=user.public_id, by=factories.SYSTEM) == 0

    order.refresh_from_db()
    assert order.user is None
    assert no_event("order.claimed")


def test_an_order_of_somebody_stays_theirs(user):
    buyer = UserFactory()
    order = factories.paid(email=user.email, user=buyer)

    deliver_events()
    orders.claim_orders(person_uid=user.public_id, by=factories.SYSTEM)

    order.refresh_from_db()
    assert order.user == buyer
    assert no_event("order.claimed")


def test_the_guests_link_goes_on_working(client, user):
    order = factories.paid(email=user.email)
    deliver_events()
    order.refresh_from_db()

    assert order.user == user
    assert client.get(f"/shop/orders/{order.number}/{order.signature}/").status_code in (200, 302)


def test_claiming_twice_is_claiming_once(user):
    factories.paid(email=OLD)
    prove(user)

    assert orders.claim_orders(person_uid=user.public_id, by=factories.SYSTEM) == 0
    assert len(events_named("order.claimed")) == 1


def test_it_costs_two_queries_an_order(user):
    second = EmailAddress.objects.create(user=user, email=OLD, verified=True)
    costs = []
    for many in (1, 3):
        for _n in range(many):
            factories.paid(email=second.email)
        Order.objects.update(user=None)
        with CaptureQueriesContext(connection) as cost:
            claimed = orders.claim_orders(person_uid=user.public_id, by=factories.SYSTEM)
        costs.append(len(cost) - 2 * claimed)

    assert costs[0] == costs[1]
