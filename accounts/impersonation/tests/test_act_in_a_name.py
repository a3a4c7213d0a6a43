"""Staff impersonation: with a reason, for a while, seen by all, and both names stand with what happens."""

from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.authentication.services import accounts as user_accounts
from accounts.impersonation import services as impersonations
from accounts.impersonation.models import Impersonation
from accounts.impersonation.tests.conftest import sign_in, with_role
from accounts.sessions.models import Device
from accounts.tests.factories import UserFactory
from accounts.users.models import User
from core.context import Actor
from core.errors import Denied
from core.events import services as events
from core.events.models import Event
from core.testing import deliver_events, events_named, no_event

pytestmark = pytest.mark.django_db

OVERVIEW = reverse("accounts:overview")
STOP = reverse("accounts:stop_impersonating")
BANNER = 'class="in-name"'


def start(owner, person, reason="Asked on the phone", **rest):
    return impersonations.start(person_uid=person.uid, reason=reason, by=Actor.person(owner), **rest)


def test_whoever_may_is_the_person_from_then_on_and_both_names_stand_with_what_happens(acting, owner, clara):
    page = acting.get(OVERVIEW).content.decode()
    acting.post(reverse("accounts:profile"), {"name": "Clara C.", "bio": ""})

    assert BANNER in page
    assert "Olive Owner" in page
    assert "Clara Clay" in page
    changed = events_named("user.changed_profile")[0]
    assert (changed.actor_id, changed.impersonator_id) == (clara.public_id, owner.public_id)
    assert User.objects.get(pk=clara.pk).name == "Clara C."
    begun = events_named("user.impersonated")[0]
    assert (begun.subject_id, begun.actor_id, begun.impersonator_id) == (clara.public_id, owner.public_id, "")
    row = Impersonation.objects.get()
    assert (row.by, row.person, row.reason) == (owner, clara, "Asked on the phone")
    assert row.expires_at - row.started_at == timedelta(minutes=30)


def test_what_handlers_do_because_of_it_carries_both_names_too(acting, owner):
    heard = []

    @events.on("user.changed_profile")
    def note(event):
        heard.append(events.record("user.noted", ("user", event.subject_id), by=Actor.system("test")))

    try:
        acting.post(reverse("accounts:profile"), {"name": "Clara C.", "bio": ""})
        deliver_events()
    finally:
        events._handlers.pop("accounts.note")

    assert [event.impersonator_id for event in heard] == [owner.public_id]


@pytest.mark.parametrize("address", ["/", "/shop/", "/shop/cart/", "/journal/", "/talk/", "/search/", "/no/such/page/"])
def test_the_banner_is_on_every_page(acting, address):
    assert BANNER in acting.get(address).content.decode()


def test_the_banner_is_in_the_staff_area_too(desk, owner):
    author = with_role("author")
    desk.post(reverse("accounts:impersonate", args=[author.uid]), {"reason": "Sees no picture"})

    assert BANNER in desk.get(reverse("admin:index")).content.decode()


def test_whoever_stops_is_themselves_again(acting, owner, clara):
    answer = acting.post(STOP)

    assert answer.status_code == 303
    assert answer["Location"] == reverse("admin:accounts_user_change", args=[clara.pk])
    page = acting.get(OVERVIEW).content.decode()
    assert BANNER not in page
    assert owner.email in page
    ended = events_named("user.impersonation_ended")[0]
    assert (ended.subject_id, ended.actor_id, ended.data["because"]) == (clara.public_id, owner.public_id, "stopped")
    assert acting.post(STOP).status_code == 303
    assert len(events_named("user.impersonation_ended")) == 1


def test_after_half_an_hour_it_is_over(acting, owner):
    Impersonation.objects.update(
        started_at=timezone.now() - timedelta(minutes=31), expires_at=timezone.now() - timedelta(minutes=1)
    )

    page = acting.get(OVERVIEW).content.decode()

    assert BANNER not in page
    assert owner.email in page
    assert events_named("user.impersonation_ended")[0].data["because"] == "limit"


def test_signing_out_ends_it_and_signs_the_staff_out(acting, owner, clara):
    acting.post(reverse("account_logout"))

    assert Impersonation.objects.get().ended_because == "signed_out"
    assert [event.subject_id for event in events_named("user.signed_out")] == [owner.public_id]
    assert acting.get(OVERVIEW).status_code == 302


@pytest.mark.parametrize("whose", ["owner", "clara"])
def test_a_closed_account_ends_it(acting, owner, clara, whose):
    closed = {"owner": owner, "clara": clara}[whose]
    user_accounts.open_account(user_id=closed.pk, by=Actor.system("test"), is_open=False)
    deliver_events()

    page = acting.get(OVERVIEW)

    assert BANNER not in page.content.decode()
    assert page.status_code == (302 if whose == "owner" else 200)
    assert Impersonation.objects.get().ended_because == "refused"


def test_who_lost_the_permission_goes_on_as_themselves(acting, owner):
    owner.groups.clear()

    assert BANNER not in acting.get(OVERVIEW).content.decode()
    assert Impersonation.objects.get().ended_because == "refused"


def test_a_person_who_was_given_more_power_meanwhile_is_impersonated_no_longer(acting, clara):
    clara.is_superuser = True
    clara.save()

    assert BANNER not in acting.get(OVERVIEW).content.decode()
    assert Impersonation.objects.get().ended_because == "refused"


def test_the_browser_of_staff_is_not_among_those_of_the_person(acting, owner, clara):
    acting.get(OVERVIEW)

    assert not Device.objects.filter(user=clara).exists()
    assert Device.objects.filter(user=owner).count() == 1
    assert no_event("user.signed_in_on_new_device")


def test_a_shipped_role_other_than_the_owners_may_not(client, owner, clara):
    agent = with_role("support-agent")
    sign_in(client, agent)

    answer = client.post(reverse("accounts:impersonate", args=[clara.uid]), {"reason": "Curious"})

    assert answer.status_code == 403
    assert not Impersonation.objects.exists()
    assert no_event("user.impersonated")


@pytest.mark.parametrize("kind", ["superuser", "more power", "oneself", "closed"])
def test_nobody_gains_power_by_it(owner, kind):
    may = with_role("support-agent")
    group = may.groups.get()
    from django.contrib.auth.models import Permission

    group.permissions.add(Permission.objects.get(codename="impersonate_user"))
    may = User.objects.get(pk=may.pk)
    person = {
        "superuser": lambda: UserFactory(is_superuser=True),
        "more power": lambda: with_role("shop-manager"),
        "oneself": lambda: may,
        "closed": lambda: UserFactory(is_active=False),
    }[kind]()

    with pytest.raises((Denied, impersonations.CannotImpersonateSelf, impersonations.AccountClosed)):
        start(may, person)

    assert not Impersonation.objects.exists()
    assert no_event("user.impersonated")


def test_nobody_acts_in_a_name_in_a_name(owner, clara):
    nested = Actor("user", owner.public_id, owner, impersonator="somebody")

    with pytest.raises(impersonations.AlreadyImpersonating):
        impersonations.start(person_uid=clara.uid, reason="x", by=nested)


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_must_be_given(desk, owner, clara, reason):
    answer = desk.post(reverse("accounts:impersonate", args=[clara.uid]), {"reason": reason})

    assert answer.status_code == 422
    assert not Impersonation.objects.exists()
    with pytest.raises(impersonations.ReasonMissing):
        start(owner, clara, reason=reason)


def test_whoever_signed_in_long_ago_says_first_who_they_are(client, owner, clara):
    client.force_login(owner)

    answer = client.post(reverse("accounts:impersonate", args=[clara.uid]), {"reason": "Asked on the phone"})

    assert answer.status_code == 302
    assert reverse("account_reauthenticate") in answer["Location"]
    assert not Impersonation.objects.exists()


def test_a_second_one_ends_the_first(owner, clara):
    other = UserFactory()
    first, second = start(owner, clara), start(owner, other)

    first.refresh_from_db()
    assert (first.ended_because, second.ended_because) == ("stopped", "")
    assert impersonations.get_active_impersonation(uid=first.uid, staff=owner) is None
    assert impersonations.get_active_impersonation(uid=second.uid, staff=owner).person == other


def test_the_mark_of_another_staff_member_opens_nothing(owner, clara):
    begun = start(owner, clara)

    assert impersonations.get_active_impersonation(uid=begun.uid, staff=with_role("owner")) is None


@pytest.mark.parametrize(
    "wrong", [{"reason": ""}, {"expires_at": timezone.now() - timedelta(days=9)}, {"ended_at": timezone.now()}]
)
def test_the_database_keeps_the_rules(owner, clara, wrong):
    row = Impersonation(by=owner, person=clara, reason="x", expires_at=timezone.now() + timedelta(minutes=5))
    for name, value in wrong.items():
        setattr(row, name, value)

    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_the_person_reads_who_it_was(acting, client_of, owner, clara):
    acting.post(reverse("accounts:profile"), {"name": "Clara C.", "bio": ""})
    acting.post(STOP)
    theirs = client_of()
    theirs.force_login(clara)

    page = theirs.get(reverse("accounts:activity")).content.decode()

    assert "Olive Owner of Ninth Tile did this for you" in page
    assert "Staff started to impersonate you" in page


@pytest.mark.parametrize("is_mailed", [True, False])
def test_the_person_is_told_by_mail_where_the_owner_wants_it(settings, acting, clara, is_mailed):
    settings.IMPERSONATION_IS_MAILED = is_mailed
    mail.outbox.clear()

    deliver_events()

    assert [message.to for message in mail.outbox] == ([[clara.email]] if is_mailed else [])


def test_acting_costs_one_query_more_and_nobody_else_any(desk, clara):
    desk.get(OVERVIEW)
    with CaptureQueriesContext(connection) as before:
        desk.get(OVERVIEW)
    desk.post(reverse("accounts:impersonate", args=[clara.uid]), {"reason": "Asked"})
    desk.get(OVERVIEW)

    with CaptureQueriesContext(connection) as after:
        desk.get(OVERVIEW)

    assert len(after) <= len(before) + 1


def test_the_way_in_is_beside_the_person_for_who_may(desk, clara):
    from accounts.impersonation.panels import act_for
    from core.context import Grant

    owner_sees = act_for(clara, Grant.session(User.objects.get(name="Olive Owner")))
    agent_sees = act_for(clara, Grant.session(with_role("support-agent")))

    assert owner_sees.context == {"person": clara}
    assert agent_sees is None


def test_staff_see_who_acted_for_whom(acting, owner):
    acting.post(STOP)

    page = acting.get(reverse("admin:accounts_impersonation_changelist")).content.decode()

    assert "Asked on the phone" in page
    assert Event.objects.filter(name="user.impersonated").count() == 1
