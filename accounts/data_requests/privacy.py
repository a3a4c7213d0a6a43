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
from accounts.privacy.registry import DataCategory, DataHandler, FileCopy, Part, Person, Records, RetentionPolicy
from accounts.sessions.models import ClientSession, Device
from accounts.subscriptions.models import Subscription
from accounts.users.models import User
from core.events.models import Event, EventOrigin

CHUNK_SIZE = 500
SECRETS_REASON = _("they open something, or did")

# What a row tells of itself, by model; the rest are keys and secrets.
EXPORTED_FIELDS = {
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
    yield Records("account/profile.json", _("Who you are here."), [_get_profile(user)])
    if user.avatar is not None:
        yield FileCopy("account/picture.webp", _("Your picture."), user.avatar.file)
    yield _build_records("addresses", _("E-mail addresses."), EmailAddress.objects.filter(user=user))
    yield _build_records("browsers", _("Where you signed in."), Device.objects.filter(user=user))
    yield _build_records("factors", _("Second factors and passkeys."), Authenticator.objects.filter(user=user))
    yield _build_records("connected", _("Accounts elsewhere that open yours."), SocialAccount.objects.filter(user=user))
    yield _build_records("api_keys", _("Keys of your programs."), ApiKey.objects.filter(user=user))
    yield _build_records("clients", _("Programs that you registered."), Client.objects.filter(user=user))
    yield _build_records("consents", _("Programs that you let act for you."), Consent.objects.filter(user=user))
    at_clients = ClientSession.objects.filter(device__user=user)
    yield _build_records("at_programs", _("Where those programs signed you in."), at_clients)
    theirs = Q(user=user) | Q(user__isnull=True, email__in=person.emails)
    yield _build_records("holds", _("What purchases opened to you."), Entitlement.objects.filter(theirs))
    letters = Subscription.objects.filter(theirs)
    yield _build_records("subscriptions", _("Letters that you get, and which you do not."), letters)
    acted = Impersonation.objects.filter(person=user)
    yield _build_records("acted_for", _("When one of our staff acted in your name, and why."), acted)
    yield _build_records(
        "origins", _("From where you did what concerns the safety of your account."), get_event_origins(user)
    )
    yield _build_records("activity", _("What happened to your account, and what you did."), get_events(user))


def get_events(user: User) -> QuerySet[Event]:
    mine = Q(subject_kind=user.public_kind, subject_id=user.public_id)
    return Event.objects.filter(mine | Q(actor_kind="user", actor_id=user.public_id))


def get_event_origins(user: User) -> QuerySet[EventOrigin]:
    return EventOrigin.objects.filter(event__actor_kind="user", event__actor_id=user.public_id)


def erase(person: Person, now: datetime) -> None:
    for elsewhere in SocialAccount.objects.filter(user=person.user):
        elsewhere.delete()
    get_event_origins(person.user).update(address=None, agent="")
    anonymisation.anonymise_account(user=person.user, emails=person.emails)


def _build_records(name: str, words: privacy.Words, rows: QuerySet[Any]) -> Records:
    return Records(f"account/{name}.json", words, _iterate_values(rows))


def _iterate_values(rows: QuerySet[Any]) -> Iterable[Mapping[str, Any]]:
    return rows.order_by("pk").values(*EXPORTED_FIELDS[rows.model]).iterator(chunk_size=CHUNK_SIZE)


def _get_profile(user: User) -> dict[str, Any]:
    names = ("uid", "email", "name", "bio", "locale", "time_zone", "is_active", "is_staff", "created_at", "last_login")
    roles = list(user.groups.order_by("name").values_list("name", flat=True))
    return {**{name: getattr(user, name) for name in names}, "roles": roles}


privacy.register(
    "accounts",
    DataHandler(
        words=_("Account"),
        export=export,
        erase=erase,
        categories=(
            DataCategory(
                _("Name, picture, words about yourself, password and settings"),
                RetentionPolicy.ERASED,
                {"accounts.User": "password email name bio avatar locale time_zone", "core.Picture": "file alt"},
                file="account/profile.json",
            ),
            DataCategory(
                _("E-mail addresses"),
                RetentionPolicy.ERASED,
                {"account.EmailAddress": "user email", "account.EmailConfirmation": "email_address key"},
                file="account/addresses.json",
            ),
            DataCategory(
                _("Browsers and sessions"),
                RetentionPolicy.ERASED,
                {
                    "accounts.Device": "user mark session_key browser network",
                    "sessions.Session": "session_key session_data",
                },
                file="account/browsers.json",
            ),
            DataCategory(
                _("Passkeys and second factors"),
                RetentionPolicy.ERASED,
                {"mfa.Authenticator": "user data"},
                file="account/factors.json",
            ),
            DataCategory(
                _("Accounts elsewhere that open yours, and what was said of you there"),
                RetentionPolicy.ERASED,
                {"socialaccount.SocialAccount": "user provider uid extra_data"},
                file="account/connected.json",
            ),
            DataCategory(
                _("API keys"),
                RetentionPolicy.ERASED,
                {"accounts.ApiKey": "user name prefix digest former_digest scopes networks"},
                file="account/api_keys.json",
            ),
            DataCategory(
                _("Programs that you registered"),
                RetentionPolicy.ERASED,
                {
                    "accounts.Client": "user name redirect_uris post_logout_redirect_uris allowed_origins client_id "
                    "client_secret scopes backchannel_logout_uri"
                },
                file="account/clients.json",
            ),
            DataCategory(
                _("Programs that you let act for you"),
                RetentionPolicy.ERASED,
                {"accounts.Consent": "user scopes"},
                file="account/consents.json",
            ),
            DataCategory(
                _("In which browsers those programs signed you in, and that they were told of the end"),
                RetentionPolicy.ERASED,
                {"accounts.ClientSession": "device client answer"},
                file="account/at_programs.json",
            ),
            DataCategory(
                _("What those programs got: codes and tokens"),
                RetentionPolicy.ERASED,
                {
                    "accounts.AuthorizationCode": "user redirect_uri scope code_challenge nonce claims resource code",
                    "accounts.AccessToken": "user token token_checksum scope resource",
                    "accounts.RefreshToken": "user token token_checksum resource",
                    "accounts.IDToken": "user scope",
                    "accounts.DeviceGrant": "user scope device_code user_code client_id",
                },
                not_exported=SECRETS_REASON,
            ),
            DataCategory(
                _("What purchases opened to you"),
                RetentionPolicy.ERASED,
                {"accounts.Entitlement": "user email kind subject source_kind source_id"},
                file="account/holds.json",
            ),
            DataCategory(
                _("Answers to your programs that are kept for a day, so that nothing happens twice"),
                RetentionPolicy.ERASED,
                {"core.IdempotencyKey": "principal body"},
                not_exported=_("they are copies of what the other files say"),
            ),
            DataCategory(
                _("Letters that you get, and which you do not"),
                RetentionPolicy.ERASED,
                {"accounts.Subscription": "user email topic source"},
                file="account/subscriptions.json",
            ),
            DataCategory(
                _("Exports of your data"),
                RetentionPolicy.ERASED,
                {"accounts.DataExport": "user file digest"},
                not_exported=_("this is one"),
            ),
            DataCategory(
                _("That and when you asked to close the account"),
                RetentionPolicy.NAMELESS,
                {"accounts.Closing": "user asked_by reason last_address"},
                why=_("It proves that we did what you asked. The address is kept until the last mail is sent."),
                not_exported=_("it is in what happened to your account"),
            ),
            DataCategory(
                _("That one of our staff acted in your name; the reason is erased"),
                RetentionPolicy.NAMELESS,
                {"accounts.Impersonation": "person by reason"},
                why=_("It shows who did what."),
                file="account/acted_for.json",
            ),
            DataCategory(
                _("What happened when, by the numbers of accounts and orders"),
                RetentionPolicy.KEPT,
                {"core.Event": "subject_id actor_id data"},
                why=_("It shows that nobody tampered with the books. It holds no names, addresses or words."),
                file="account/activity.json",
            ),
            DataCategory(
                _("From where you did what concerns the safety of your account; forgotten in time in any case"),
                RetentionPolicy.ERASED,
                {"core.EventOrigin": "address agent"},
                file="account/origins.json",
            ),
            DataCategory(
                _("What you did as one of our staff in the staff area"),
                RetentionPolicy.NAMELESS,
                {"admin.LogEntry": "user object_id object_repr change_message", "accounts.Client": "approved_by"},
                why=_("It is the house's record of what staff did."),
                not_exported=_("it names other people"),
            ),
        ),
        unrelated_columns={"accounts.Client": "algorithm cimd_expires_at"},
    ),
)
