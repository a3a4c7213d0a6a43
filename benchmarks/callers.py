"""People with a key, a token and a session each: `python -m benchmarks.callers NUMBER` prints what their requests bear.

Limits count each of them apart, as in life. What an earlier run made was signed with other keys, and goes.
"""

import json
import os
import sys
from datetime import timedelta

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import get_random_string

from accounts.api_keys import services as api_keys
from accounts.oauth.models import AccessToken
from accounts.oauth.services import clients
from accounts.users.models import User
from core.context import Actor
from core.web.sessions import SessionStore

SCOPES = ["account:read", "blog:read", "shop:read"]


def make(number: int) -> dict[str, list[str]]:
    """A header for each caller, by the way they say who they are."""
    User.objects.filter(email__startswith="caller-").delete()
    Session.objects.all().delete()
    people = [User.objects.create_user(f"caller-{place}@bench.example") for place in range(number)]
    return {
        "key": [f"Authorization: Bearer {_key(person)}" for person in people],
        "token": [f"Authorization: Bearer {_token(person)}" for person in people],
        "session": [f"Cookie: {settings.SESSION_COOKIE_NAME}={_session(person)}" for person in people],
    }


def _key(person: User) -> str:
    return api_keys.add_key(user_id=person.pk, name="Bench", scopes=SCOPES, by=Actor.person(person)).token


def _token(person: User) -> str:
    """Of a client of their own, since it is clients that are counted."""
    client = clients.add_client(
        owner_id=person.pk,
        name="Bench",
        flow=clients.AUTHORIZATION_CODE,
        scopes=SCOPES,
        redirect_uris=["https://rp.example/back"],
        by=Actor.person(person),
    ).client
    token = get_random_string(40)
    until = timezone.now() + timedelta(days=1)
    AccessToken.objects.create(user=person, application=client, token=token, scope=" ".join(SCOPES), expires=until)
    return token


def _session(person: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return str(session.session_key)


if __name__ == "__main__":
    print(json.dumps(make(int(sys.argv[1]))))
