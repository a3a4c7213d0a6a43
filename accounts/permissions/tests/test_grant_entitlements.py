"""What a purchase lets a person do, from the sale to its end."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.authentication.services import accounts as user_accounts
from accounts.permissions import queries as permission_queries
from accounts.permissions.models import Entitlement
from accounts.permissions.services import entitlements
from accounts.permissions.services.entitlements import HolderRequired
from accounts.tests.factories import EntitlementFactory, UserFactory
from core.context import Actor, Grant
from core.errors import Denied
from core.testing import events_named, no_event, race, snapshot

SHOP = Actor.system("shop")
ORDER = ("order", "A-1001")

pytestmark = pytest.mark.django_db


def grant(**changes):
    given = {"kind": "product", "subject": "straight-mug", "source": ORDER, "by": SHOP, **changes}
    return entitlements.grant_entitlement(**given)


def held_by(user):
    return {product for product in ("bowl", "mug") if permission_queries.has_bought(Grant.session(user), product)}


def test_a_purchase_is_held_by_its_buyer_alone():
    buyer, other = UserFactory(), UserFactory()

    grant(user=buyer, email=buyer.email)

    assert permission_queries.holds(Grant.session(buyer), "product", "straight-mug")
    assert permission_queries.has_bought(Grant.session(buyer), "straight-mug")
    assert not permission_queries.holds(Grant.session(other), "product", "straight-mug")
    assert not permission_queries.holds(Grant.anonymous(), "product", "straight-mug")
    (event,) = events_named("entitlement.granted")
    assert (event.subject_kind, event.subject_id) == ORDER
    assert event.data == {"held_kind": "product", "held_id": "straight-mug", "holder": str(buyer.uid)}


def test_granting_twice_is_granting_once():
    buyer = UserFactory()

    first, second = grant(user=buyer), grant(user=buyer)

    assert first.pk == second.pk
    assert Entitlement.objects.count() == 1
    assert len(events_named("entitlement.granted")) == 1


def test_an_entitlement_runs_from_its_start_to_its_end():
    now = timezone.now()
    viewer = Grant.session(EntitlementFactory(since=now, ended_at=now + timedelta(days=1), subject="mug").user)

    held = [
        permission_queries.holds(viewer, "product", "mug", now + timedelta(hours=hours)) for hours in (-1, 0, 23, 24)
    ]

    assert held == [False, True, True, False]


def test_a_guests_purchase_waits_until_the_address_is_verified():
    grant(email="Guest@Example.com")
    user = UserFactory(email="guest@example.com")
    assert not permission_queries.holds(Grant.session(user), "product", "straight-mug")

    user_accounts.confirm_address(user=user, email="guest@example.com", by=Actor.person(user))

    assert permission_queries.holds(Grant.session(user), "product", "straight-mug")
    assert events_named("user.received_entitlements")[0].data == {"count": 1}


def test_a_guests_purchase_with_a_verified_address_is_its_owners_at_once():
    user = UserFactory(email="known@example.com")

    grant(email="known@example.com")

    assert permission_queries.holds(Grant.session(user), "product", "straight-mug")


def test_claiming_an_address_without_proof_gives_nothing():
    user = UserFactory(email="victim@example.com")
    EmailAddress.objects.filter(user=user).update(verified=False)

    held = grant(email="victim@example.com")

    assert held.user is None
    assert not permission_queries.holds(Grant.session(user), "product", "straight-mug")


def test_somebody_must_hold_it():
    with pytest.raises(HolderRequired):
        grant()

    assert not Entitlement.objects.exists()
    assert no_event("entitlement.granted")


def test_giving_back_ends_what_the_order_gave_and_nothing_else():
    buyer = UserFactory()
    for subject in ("bowl", "mug"):
        grant(user=buyer, subject=subject)
    grant(user=buyer, subject="bowl", source=("order", "A-1002"))

    ended = entitlements.end_entitlements(source=ORDER, by=SHOP)

    assert ended == 2
    assert held_by(buyer) == {"bowl"}
    assert [event.data["held_id"] for event in events_named("entitlement.ended")] == ["bowl", "mug"]


def test_giving_back_a_part_ends_a_part_and_twice_ends_once():
    buyer = UserFactory()
    for subject in ("bowl", "mug"):
        grant(user=buyer, subject=subject)

    ended = [entitlements.end_entitlements(source=ORDER, by=SHOP, subjects={"mug"}) for _ in range(2)]

    assert ended == [1, 0]
    assert held_by(buyer) == {"bowl"}
    assert len(events_named("entitlement.ended")) == 1


def test_staff_end_one_by_hand_only_with_the_permission(manager, agent):
    held = EntitlementFactory()
    before = snapshot("accounts.Entitlement")

    with pytest.raises(Denied):
        entitlements.end_entitlement(entitlement_id=held.pk, by=Actor.person(agent))
    assert snapshot("accounts.Entitlement") == before
    assert no_event("entitlement.ended")

    assert entitlements.end_entitlement(entitlement_id=held.pk, by=Actor.person(manager))
    assert not permission_queries.holds(Grant.session(held.user), "product", held.subject)


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": None, "email": ""},
        {"email": "Upper@Example.com"},
        {"since": timezone.now(), "ended_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_the_database_refuses_what_makes_no_sense(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        EntitlementFactory(**wrong)

    assert not Entitlement.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_grant_and_the_verification_of_its_address_never_miss_each_other():
    for attempt in range(5):
        user = UserFactory(email=f"guest{attempt}@example.com")
        EmailAddress.objects.filter(user=user).update(verified=False)

        def verify(user=user):
            with transaction.atomic():
                EmailAddress.objects.filter(user=user).update(verified=True)
                user_accounts.confirm_address(user=user, email=user.email, by=Actor.person(user))

        def buy(user=user, attempt=attempt):
            grant(email=user.email, source=("order", f"R-{attempt}"))

        race(verify, buy)

        assert permission_queries.holds(Grant.session(user), "product", "straight-mug")
