"""Staff who act in a person's name read that person's conversations and say nothing."""

import pytest

from accounts.impersonation import impersonated_by
from accounts.impersonation import services as impersonations
from accounts.permissions.models import Role
from accounts.staff import services as roles
from chat.conftest import Client
from chat.messages.models import Message
from chat.realtime.threads import run_in_db_thread
from chat.tests.factories import private_room, say
from core.context import Actor
from core.events.models import Event
from core.ids import uuid7
from core.testing import snapshot

pytestmark = pytest.mark.django_db(transaction=True)


def mark(session_key: str, uid) -> None:
    from importlib import import_module

    from django.conf import settings

    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    impersonated_by.begin(session, uid)
    session.save()


def begin(owner, person, session_key):
    begun = impersonations.start(person_uid=person.uid, reason="Asked", by=Actor.person(owner))
    mark(session_key, begun.uid)
    return begun


def make_owner(person):
    roles.sync_roles()
    Role.objects.update(requires_mfa=False)
    roles.assign_role(user_id=person.pk, role="owner", by=Actor.system("test"))
    return type(person).objects.get(pk=person.pk)


async def test_the_socket_of_staff_reads_as_the_person_and_says_nothing(ada, ben):
    owner = await run_in_db_thread(make_owner, ben)
    room = await run_in_db_thread(lambda: private_room(ada))
    await run_in_db_thread(lambda: say(room, ada, "For my eyes"))
    client = await run_in_db_thread(lambda: Client(owner))
    await run_in_db_thread(begin, owner, ada, client.session)
    await client.open()

    assert (await client.ask("sub", room=str(room.uid), rev=0))["type"] == "ok"
    before = await run_in_db_thread(snapshot, "chat.Message", "chat.Membership", "chat.Reaction")
    refused = await client.ask("send", room=str(room.uid), cid=str(uuid7()), body="As Ada")

    assert client.welcome["user"] == ada.public_id
    assert refused["code"] == "impersonating"
    assert await run_in_db_thread(snapshot, "chat.Message", "chat.Membership", "chat.Reaction") == before
    assert await run_in_db_thread(Message.objects.filter(body="As Ada").exists) is False
    await client.close()


async def test_the_socket_closes_when_it_ends(ada, ben):
    owner = await run_in_db_thread(make_owner, ben)
    client = await run_in_db_thread(lambda: Client(owner))
    begun = await run_in_db_thread(begin, owner, ada, client.session)
    await client.open()

    await run_in_db_thread(lambda: impersonations.end(uid=begun.uid, because="stopped", by=Actor.person(owner)))
    await run_in_db_thread(recheck, ada.public_id)

    assert (await client.hear("bye"))["code"] == "signed_out"
    assert await client.closed() == 4401


def recheck(uid: str) -> None:
    from chat.support.handlers import recheck_sockets

    recheck_sockets(Event.objects.get(name="user.impersonation_ended", subject_id=uid), "key")
