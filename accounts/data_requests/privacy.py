"""What the account itself holds, and what libraries and the ground floor hold for it."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.api_keys.models import ApiKey
from accounts.data_requests.services import anonymisation
from accounts.impersonation.models import Impersonation
from accounts.oauth.models import Client, Consent
from accounts.permissions.models import Entitlement
from accounts.privacy import registry as privacy
from accounts.privacy.registry import Copy, Fate, Holding, Keeper, Part, Person, Records
from accounts.sessions.models import ClientSession, Device
from accounts.subscriptions.models import Subscription
from accounts.users.models import User
from core.events.models import Event, EventOrigin

CHUNK = 500
SECRETS = _("they open something, or did")

# What a row tells of itself, by model; the rest are keys and secrets.
TOLD = {
    EmailAddress: ("email", "verified", "primary"),
    Device: ("browser", "network", "first_seen_at", "last_seen_at"),
    SocialAccount: ("provider", "uid", "extra_data", "date_joined", "last_login"),
    Authenticator: ("type", "created_at", "last_used_at"),
    ApiKey: ("name", "prefix", "scopes", "networks", "created_at", "last_used_at", "expires_at", "revoked_at"),
    Client: ("name", "client_id", "scopes", "redirect_uris", "created", "is_enabled"),
    Consent: ("client__name", "scopes", "given_at"),
    ClientSession: ("client__name", "device__browser", "state", "began_at", "ended_at"),
    Entitlement: ("kind", "subject", "source_kind", "source_id", "since", "ended_at"),
    Subscription: ("email", "topic", "state", "source", "created_at", "confirmed_at", "ended_at"),
    Impersonation: ("reason", "started_at", "ended_at"),
    EventOrigin: ("event__name", "at", "address", "agent"),
    Event: ("name", "at", "subject_kind", "subject_id", "actor_kind", "actor_id", "data"),
}


def export(person: Person) -> Iterator[Part]:
    user = person.user
    yield Records("account/profile.json", _("Who you are here."), [_profile(user)])
    if user.avatar is not None:
        yield Copy("account/picture.webp", _("Your picture."), user.avatar.file)
    yield _rows("addresses", _("E-mail addresses."), EmailAddress.objects.filter(user=user))
    yield _rows("browsers", _("Where you signed in."), Device.objects.filter(user=user))
    yield _rows("factors", _("Second factors and passkeys."), Authenticator.objects.filter(user=user))
    yield _rows("connected", _("Accounts elsewhere that open yours."), SocialAccount.objects.filter(user=user))
    yield _rows("api_keys", _("Keys of your programs."), ApiKey.objects.filter(user=user))
    yield _rows("clients", _("Programs that you registered."), Client.objects.filter(user=user))
    yield _rows("consents", _("Programs that you let act for you."), Consent.objects.filter(user=user))
    at_clients = ClientSession.objects.filter(device__user=user)
    yield _rows("at_programs", _("Where those programs signed you in."), at_clients)
    theirs = Q(user=user) | Q(user__isnull=True, email__in=person.emails)
    yield _rows("holds", _("What purchases opened to you."), Entitlement.objects.filter(theirs))
    letters = Subscription.objects.filter(theirs)
    yield _rows("subscriptions", _("Letters that you get, and which you do not."), letters)
    acted = Impersonation.objects.filter(person=user)
    yield _rows("acted_for", _("When one of our staff acted in your name, and why."), acted)
    yield _rows("origins", _("From where you did what concerns the safety of your account."), origins_of(user))
    yield _rows("activity", _("What happened to your account, and what you did."), events_of(user))


def events_of(user: User) -> QuerySet[Event]:
    mine = Q(subject_kind=user.public_kind, subject_id=user.public_id)
    return Event.objects.filter(mine | Q(actor_kind="user", actor_id=user.public_id))


def origins_of(user: User) -> QuerySet[EventOrigin]:
    return EventOrigin.objects.filter(event__actor_kind="user", event__actor_id=user.public_id)


def erase(person: Person, now: datetime) -> None:
    for elsewhere in SocialAccount.objects.filter(user=person.user):
        elsewhere.delete()
    origins_of(person.user).update(address=None, agent="")
    anonymisation.forget_account(user=person.user, emails=person.emails)


def _rows(name: str, words: privacy.Words, rows: QuerySet[Any]) -> Records:
    return Records(f"account/{name}.json", words, _told(rows))


def _told(rows: QuerySet[Any]) -> Iterable[Mapping[str, Any]]:
    return rows.order_by("pk").values(*TOLD[rows.model]).iterator(chunk_size=CHUNK)


def _profile(user: User) -> dict[str, Any]:
    names = ("uid", "email", "name", "bio", "locale", "time_zone", "is_active", "is_staff", "created_at", "last_login")
    roles = list(user.groups.order_by("name").values_list("name", flat=True))
    return {**{name: getattr(user, name) for name in names}, "roles": roles}


privacy.register(
    "accounts",
    Keeper(
        words=_("Account"),
        export=export,
        erase=erase,
        holdings=(
            Holding(
                _("Name, picture, words about yourself, password and settings"),
                Fate.ERASED,
                {"accounts.User": "password email name bio avatar locale time_zone", "core.Picture": "file alt"},
                file="account/profile.json",
            ),
            Holding(
                _("E-mail addresses"),
                Fate.ERASED,
                {"account.EmailAddress": "user email", "account.EmailConfirmation": "email_address key"},
                file="account/addresses.json",
            ),
            Holding(
                _("Browsers and sessions"),
                Fate.ERASED,
                {
                    "accounts.Device": "user mark session_key browser network",
                    "sessions.Session": "session_key session_data",
                },
                file="account/browsers.json",
            ),
            Holding(
                _("Passkeys and second factors"),
                Fate.ERASED,
                {"mfa.Authenticator": "user data"},
                file="account/factors.json",
            ),
            Holding(
                _("Accounts elsewhere that open yours, and what was said of you there"),
                Fate.ERASED,
                {"socialaccount.SocialAccount": "user provider uid extra_data"},
                file="account/connected.json",
            ),
            Holding(
                _("API keys"),
                Fate.ERASED,
                {"accounts.ApiKey": "user name prefix digest former_digest scopes networks"},
                file="account/api_keys.json",
            ),
            Holding(
                _("Programs that you registered"),
                Fate.ERASED,
                {
                    "accounts.Client": "user name redirect_uris post_logout_redirect_uris allowed_origins client_id "
                    "client_secret scopes backchannel_logout_uri"
                },
                file="account/clients.json",
            ),
            Holding(
                _("Programs that you let act for you"),
                Fate.ERASED,
                {"accounts.Consent": "user scopes"},
                file="account/consents.json",
            ),
            Holding(
                _("In which browsers those programs signed you in, and that they were told of the end"),
                Fate.ERASED,
                {"accounts.ClientSession": "device client answer"},
                file="account/at_programs.json",
            ),
            Holding(
                _("What those programs got: codes and tokens"),
                Fate.ERASED,
                {
                    "accounts.AuthorizationCode": "user redirect_uri scope code_challenge nonce claims resource code",
                    "accounts.AccessToken": "user token token_checksum scope resource",
                    "accounts.RefreshToken": "user token token_checksum resource",
                    "accounts.IDToken": "user scope",
                    "accounts.DeviceGrant": "user scope device_code user_code client_id",
                },
                not_exported=SECRETS,
            ),
            Holding(
                _("What purchases opened to you"),
                Fate.ERASED,
                {"accounts.Entitlement": "user email kind subject source_kind source_id"},
                file="account/holds.json",
            ),
            Holding(
                _("Answers to your programs that are kept for a day, so that nothing happens twice"),
                Fate.ERASED,
                {"core.IdempotencyKey": "principal body"},
                not_exported=_("they are copies of what the other files say"),
            ),
            Holding(
                _("Letters that you get, and which you do not"),
                Fate.ERASED,
                {"accounts.Subscription": "user email topic source"},
                file="account/subscriptions.json",
            ),
            Holding(
                _("Exports of your data"),
                Fate.ERASED,
                {"accounts.DataExport": "user file digest"},
                not_exported=_("this is one"),
            ),
            Holding(
                _("That and when you asked to close the account"),
                Fate.NAMELESS,
                {"accounts.Closing": "user asked_by reason last_address"},
                why=_("It proves that we did what you asked. The address is kept until the last mail is sent."),
                not_exported=_("it is in what happened to your account"),
            ),
            Holding(
                _("That one of our staff acted in your name; the reason is erased"),
                Fate.NAMELESS,
                {"accounts.Impersonation": "person by reason"},
                why=_("It shows who did what."),
                file="account/acted_for.json",
            ),
            Holding(
                _("What happened when, by the numbers of accounts and orders"),
                Fate.KEPT,
                {"core.Event": "subject_id actor_id data"},
                why=_("It shows that nobody tampered with the books. It holds no names, addresses or words."),
                file="account/activity.json",
            ),
            Holding(
                _("From where you did what concerns the safety of your account; forgotten in time in any case"),
                Fate.ERASED,
                {"core.EventOrigin": "address agent"},
                file="account/origins.json",
            ),
            Holding(
                _("What you did as one of our staff in the staff area"),
                Fate.NAMELESS,
                {"admin.LogEntry": "user object_id object_repr change_message", "accounts.Client": "approved_by"},
                why=_("It is the house's record of what staff did."),
                not_exported=_("it names other people"),
            ),
        ),
        about_nobody={"accounts.Client": "algorithm cimd_expires_at"},
    ),
)
