"""A socket closes when its session does: by the event, not at the next look."""

import pytest
from django.test import Client as Browser

from accounts.authentication.mfa import MFA_MISSING_KEY
from accounts.authentication.services import accounts as user_accounts
from accounts.data_requests.pending_deletion import SESSION_KEY
from accounts.data_requests.services import deletions
from accounts.permissions.models import Role
from accounts.sessions import services as devices
from accounts.staff import services as roles
from chat.conftest import Client
from chat.realtime.consumers import get_actor
from chat.realtime.threads import run_in_db_thread
from chat.support.handlers import recheck_sockets
from core.context import Actor
from core.events import services as events
from core.events.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


def tell() -> None:
    """What the relay would: each event that sockets hear of."""
    for event in Event.objects.order_by("id"):
        if any(handler.function is recheck_sockets for handler in events.handlers_for(event)):
            recheck_sockets(event, "key")


def given_a_role_that_asks(ada):
    roles.sync_roles()
    Role.objects.filter(slug="author").update(requires_mfa=True)
    roles.assign_role(user_id=ada.pk, role="author", by=Actor.system("test"))


def role_begins_to_ask(ada):
    roles.sync_roles()
    ada.groups.add(Role.objects.get(slug="author").group)
    type(ada).objects.filter(pk=ada.pk).update(is_staff=True)
    Role.objects.update(requires_mfa=False)
    roles.set_mfa_requirement(slug="author", is_required=True, by=Actor.system("test"))


def closed(ada):
    user_accounts.open_account(user_id=ada.pk, by=Actor.system("test"), is_open=False)


def signed_out_elsewhere(ada):
    devices.end_other_sessions(user=ada)
    events.record("user.ended_other_sessions", ada, by=Actor.person(ada))


def factors_changed(ada):
    devices.end_other_sessions(user=ada)
    events.record("user.added_factor", ada, by=Actor.person(ada))


def closing_for_good(ada):
    deletions.request_deletion(user_id=ada.pk, by=Actor.person(ada))


@pytest.mark.parametrize(
    "act", [closing_for_good, given_a_role_that_asks, role_begins_to_ask, closed, signed_out_elsewhere, factors_changed]
)
async def test_what_ends_a_session_closes_its_socket(ada, act):
    client = await (await run_in_db_thread(lambda: Client(ada))).open()

    await run_in_db_thread(act, ada)
    await run_in_db_thread(tell)

    assert (await client.hear("bye"))["code"] == "signed_out"
    assert await client.closed() == 4401


@pytest.mark.parametrize("led", [SESSION_KEY, MFA_MISSING_KEY])
def test_a_session_that_is_led_elsewhere_opens_no_socket(ada, led):
    browser = Browser()
    browser.force_login(ada)
    session = browser.session
    assert get_actor(session.session_key) == Actor.person(ada)

    session[led] = True
    session.save()

    assert get_actor(session.session_key) is None


async def test_what_ends_no_session_leaves_the_socket_open(ada):
    client = await (await run_in_db_thread(lambda: Client(ada))).open()

    await run_in_db_thread(lambda: events.record("user.removed_factor", ada, by=Actor.person(ada)))
    await run_in_db_thread(tell)
    await client.tell("ping")

    assert (await client.hear("pong"))["type"] == "pong"
    await client.close()
