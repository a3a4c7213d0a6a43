"""What others ask about people."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import Permission
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.sessions.models import Session
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Concat, Extract, JSONObject
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext

from accounts import keys
from accounts.models import AccessToken, ApiKey, Ban, Client, Consent, Device, Entitlement, User
from core.context import Grant
from core.events.models import Event
from core.prepared_queries import PreparedQuery
from core.validation.email_addresses import find_email
from core.web.sessions import SessionStore

PRODUCT = "product"
SHORTEST_TOKEN = 20

# Every request of somebody asks one of these.
PERSON = PreparedQuery(
    lambda pk: User.objects.select_related("avatar").annotate(held=permissions_held(OuterRef("pk"))).filter(pk=pk)
)
KEY = PreparedQuery(
    lambda prefix, now: (
        ApiKey.objects.select_related("user__avatar")
        .annotate(held=permissions_held(OuterRef("user_id")), banned=is_banned(OuterRef("user_id"), now))
        .filter(prefix=prefix)
    )
)
TOKEN = PreparedQuery(
    lambda checksum, now: (
        AccessToken.objects.select_related("user__avatar", "application__user")
        .annotate(held=permissions_held(OuterRef("user_id")), banned=is_banned(OuterRef("user_id"), now))
        .filter(token_checksum=checksum)
    )
)
APP = PreparedQuery(
    lambda session, person, now: (
        Device.objects.select_related("user__avatar")
        .annotate(
            kept=Subquery(
                Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=now).values("session_data")
            ),
            held=permissions_held(OuterRef("user_id")),
            banned=is_banned(OuterRef("user_id"), now),
        )
        .filter(app_session=session, user__uid=person, user__is_active=True)
        .exclude(session_key="")
    )
)
ASKING = PreparedQuery(
    lambda client_id, checksum, now: (
        Client.objects.select_related("user")
        .annotate(told=Subquery(_good(checksum, now).values("told")))
        .filter(client_id=client_id, client_type=Client.CLIENT_CONFIDENTIAL)
    )
)
BEARING = PreparedQuery(
    lambda bearer, checksum, now: _good(bearer, now).annotate(asked=Subquery(_good(checksum, now).values("told")))
)


class InName(NamedTuple):
    """What a member of staff and the person are called in whose name they acted."""

    staff: str
    person: str

    def __str__(self) -> str:
        return gettext("%(staff)s for %(person)s") % self._asdict()


@dataclass(frozen=True, slots=True)
class AppSession:
    """The session behind an app's token: whose it is, its key, and what it holds, to be read."""

    user: User
    key: str
    session: dict[str, Any]


def holds(viewer: Grant, kind: str, subject: str, now: datetime | None = None) -> bool:
    """Whether the viewer holds a thing now. One query; none for strangers."""
    if viewer.user is None:
        return False
    return Entitlement.objects.of(viewer.user).running(now).filter(kind=kind, subject=subject).exists()


def has_bought(viewer: Grant, product: str, now: datetime | None = None) -> bool:
    """Whether the viewer bought a product, named by its slug, and did not give it back. One query."""
    return holds(viewer, PRODUCT, product, now)


def addresses_of(user: User) -> frozenset[str]:
    """Every address that a person proved to own, as it is compared. One query."""
    proved = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return frozenset(email.lower() for email in proved)


def owner_of(email: str) -> User | None:
    """Who proved to own an address, if anybody. One query."""
    proved = EmailAddress.objects.filter(email=find_email(email), verified=True)
    return User.objects.filter(pk__in=proved.values("user_id")).first()


def names_of(uids: Iterable[str]) -> dict[str, str]:
    """What people are called, by public id; one query, none where nobody is asked for."""
    asked = set(uids) - {""}
    people = User.objects.filter(uid__in=asked) if asked else ()
    return {person.public_id: person.display_name for person in people}


def acted_in_names(events: Iterable[Event]) -> dict[int, InName]:
    """Which of these events staff brought about in a person's name, by their key.

    One query; none where all acted for themselves.
    """
    acted = [event for event in events if event.impersonator_id and event.actor_kind == User.public_kind]
    names = names_of(uid for event in acted for uid in (event.impersonator_id, event.actor_id))
    return {
        event.pk: InName(names[event.impersonator_id], names[event.actor_id])
        for event in acted
        if event.impersonator_id in names and event.actor_id in names
    }


def api_keys_of(viewer: Grant) -> QuerySet[ApiKey]:
    """The viewer's keys, also those that have ended; none for strangers."""
    return ApiKey.objects.none() if viewer.user is None else ApiKey.objects.filter(user=viewer.user)


def api_key_of(token: str, now: datetime | None = None) -> ApiKey | None:
    """The key that a program sent, alive or not, with its person and what they may do; one query.

    None, without a query, for what cannot be a key, and for a secret that is not the key's.
    """
    prefix = keys.prefix_of(token)
    if not prefix:
        return None
    now = now or timezone.now()
    key = KEY.first(prefix=prefix, now=now)
    if key is None or not key.takes(keys.digest(token), now):
        return None
    remember_permissions(key.user, key.held)
    return key


def access_token_of(token: str) -> AccessToken | None:
    """The access token that a program sent, good or not, with client, person and what they may do; one query.

    None, without a query, for what cannot be one.
    """
    if not (token.isascii() and token.isalnum() and len(token) >= SHORTEST_TOKEN):
        return None
    access: AccessToken | None = TOKEN.first(checksum=_checksum(token), now=timezone.now())
    if access is not None and access.user is not None:
        remember_permissions(access.user, access.held)
    return access


def asked_about(token: str, client_id: str) -> Client | None:
    """The client that asks about a token, with what others may know of a good one as `told`. One query.

    None for a client without a secret.
    """
    asking: Client | None = ASKING.first(client_id=client_id, checksum=_checksum(token), now=timezone.now())
    return asking


def asked_with(bearer: str, token: str) -> AccessToken | None:
    """The good access token with which a client asks about another, with what it is told as `asked`. One query."""
    asking: AccessToken | None = BEARING.first(bearer=_checksum(bearer), checksum=_checksum(token), now=timezone.now())
    return asking


def app_session_of(session: UUID, person: UUID, now: datetime | None = None) -> AppSession | None:
    """The session that an app's token names, with its person and what they may do; one query.

    None when it is over: ended by hand, by a change of what guards the account, by time, or with the account.
    """
    device = APP.first(session=session, person=person, now=now or timezone.now())
    if device is None or device.kept is None or device.banned:
        return None
    kept, user = SessionStore().decode(device.kept), device.user
    signed = str(kept.get(HASH_SESSION_KEY, ""))
    if not any(
        constant_time_compare(signed, own)
        for own in (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    ):
        return None
    remember_permissions(user, device.held)
    return AppSession(user, device.session_key, kept)


def clients_of(viewer: Grant) -> QuerySet[Client]:
    """The clients that the viewer registered; none for strangers."""
    return Client.objects.none() if viewer.user is None else Client.objects.filter(user=viewer.user)


def consents_of(viewer: Grant) -> QuerySet[Consent]:
    """What the viewer lets clients do; none for strangers."""
    mine = Consent.objects.none() if viewer.user is None else Consent.objects.filter(user=viewer.user)
    return mine.select_related("client")


def permissions_held(person: OuterRef) -> ArraySubquery:
    """The names of what a person may do by their roles, to annotate a query of something that points at them."""
    held = Permission.objects.filter(group__user=person).order_by().distinct()
    return ArraySubquery(held.values(name_in_code=Concat(F("content_type__app_label"), Value("."), F("codename"))))


def is_banned(person: OuterRef, now: datetime) -> Exists:
    """Whether a person is banned from the whole house, to annotate a query of something that points at them."""
    return Exists(Ban.objects.running(now).filter(user=person, scope=Ban.Scope.ALL))


def remember_permissions(user: User, held: Iterable[str]) -> None:
    """What `has_perm` asks for is known from now on."""
    if not user.is_superuser:
        user._group_perm_cache = set(held)  # type: ignore[attr-defined]  # noqa: SLF001  where Django keeps it


def _good(checksum: str, now: datetime) -> QuerySet[AccessToken]:
    """The token, unless it has expired or its person or client is closed or banned; `told` is what others may know."""
    told = JSONObject(
        scope="scope",
        exp=Extract("expires", "epoch"),
        client_id="application__client_id",
        sub="user__uid",
        aud="resource",
    )
    good: QuerySet[AccessToken] = AccessToken.objects.annotate(told=told).filter(
        Q(user=None) | Q(user__is_active=True),
        Q(application__user=None) | Q(application__user__is_active=True),
        ~is_banned(OuterRef("user_id"), now),
        application__is_enabled=True,
        token_checksum=checksum,
        expires__gt=now,
    )
    return good


def _checksum(token: str) -> str:
    return sha256(token.encode()).hexdigest()
