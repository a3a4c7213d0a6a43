"""Personal data of accounts, of libraries and of core."""

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
SECRETS_REASON = _("they are credentials")

# Exported fields by model; the others are keys and secrets.
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
    yield Records("account/profile.json", _("Your profile."), [_get_profile(user)])
    if user.avatar is not None:
        yield FileCopy("account/picture.webp", _("Your picture."), user.avatar.file)
    yield _build_records("addresses", _("Email addresses."), EmailAddress.objects.filter(user=user))
    yield _build_records("browsers", _("Browsers and apps you signed in with."), Device.objects.filter(user=user))
    yield _build_records("factors", _("Two-factor methods and passkeys."), Authenticator.objects.filter(user=user))
    yield _build_records(
        "connected", _("Connected accounts that you can sign in with."), SocialAccount.objects.filter(user=user)
    )
    yield _build_records("api_keys", _("Your API keys."), ApiKey.objects.filter(user=user))
    yield _build_records("clients", _("Your OAuth apps."), Client.objects.filter(user=user))
    yield _build_records("consents", _("Apps that you allowed to use your account."), Consent.objects.filter(user=user))
    at_clients = ClientSession.objects.filter(device__user=user)
    yield _build_records("at_programs", _("Sessions at connected apps."), at_clients)
    theirs = Q(user=user) | Q(user__isnull=True, email__in=person.emails)
    yield _build_records("holds", _("What you have access to through purchases."), Entitlement.objects.filter(theirs))
    subscriptions = Subscription.objects.filter(theirs)
    yield _build_records("subscriptions", _("Your email subscriptions."), subscriptions)
    acted = Impersonation.objects.filter(person=user)
    yield _build_records("acted_for", _("When staff impersonated you, and why."), acted)
    yield _build_records("origins", _("Network addresses of security-related actions."), get_event_origins(user))
    yield _build_records("activity", _("Account activity."), get_events(user))


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
                _("Name, picture, bio, password and settings"),
                RetentionPolicy.ERASED,
                {"accounts.User": "password email name bio avatar locale time_zone", "core.Picture": "file alt"},
                file="account/profile.json",
            ),
            DataCategory(
                _("Email addresses"),
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
                _("Passkeys and two-factor methods"),
                RetentionPolicy.ERASED,
                {"mfa.Authenticator": "user data"},
                file="account/factors.json",
            ),
            DataCategory(
                _("Connected accounts, with the profile data received from them"),
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
                _("Your OAuth apps"),
                RetentionPolicy.ERASED,
                {
                    "accounts.Client": "user name redirect_uris post_logout_redirect_uris allowed_origins client_id "
                    "client_secret scopes backchannel_logout_uri"
                },
                file="account/clients.json",
            ),
            DataCategory(
                _("Apps that you allowed to use your account"),
                RetentionPolicy.ERASED,
                {"accounts.Consent": "user scopes"},
                file="account/consents.json",
            ),
            DataCategory(
                _("Sessions at connected apps, and whether the apps were notified of sign-out"),
                RetentionPolicy.ERASED,
                {"accounts.ClientSession": "device client answer"},
                file="account/at_programs.json",
            ),
            DataCategory(
                _("Codes and tokens of connected apps"),
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
                _("What you have access to through purchases"),
                RetentionPolicy.ERASED,
                {"accounts.Entitlement": "user email kind subject source_kind source_id"},
                file="account/holds.json",
            ),
            DataCategory(
                _("API responses stored for one day to detect repeated requests"),
                RetentionPolicy.ERASED,
                {"core.IdempotencyKey": "principal body"},
                not_exported=_("they duplicate other files"),
            ),
            DataCategory(
                _("Your email subscriptions"),
                RetentionPolicy.ERASED,
                {"accounts.Subscription": "user email topic source"},
                file="account/subscriptions.json",
            ),
            DataCategory(
                _("Data exports"),
                RetentionPolicy.ERASED,
                {"accounts.DataExport": "user file digest"},
                not_exported=_("this file is one"),
            ),
            DataCategory(
                _("Your request to delete the account"),
                RetentionPolicy.NAMELESS,
                {"accounts.Closing": "user asked_by reason last_address"},
                why=_("Proof that we acted on your request. The email address is stored until the last email is sent."),
                not_exported=_("it is part of the account activity"),
            ),
            DataCategory(
                _("Impersonation by staff; the reason is erased"),
                RetentionPolicy.NAMELESS,
                {"accounts.Impersonation": "person by reason"},
                why=_("It shows who did what."),
                file="account/acted_for.json",
            ),
            DataCategory(
                _("Event log with account and order numbers"),
                RetentionPolicy.KEPT,
                {"core.Event": "subject_id actor_id data"},
                why=_("It proves that records were not tampered with. It contains no names, addresses or messages."),
                file="account/activity.json",
            ),
            DataCategory(
                _("Network addresses of security-related actions, deleted after a fixed time in any case"),
                RetentionPolicy.ERASED,
                {"core.EventOrigin": "address agent"},
                file="account/origins.json",
            ),
            DataCategory(
                _("Your actions as staff in the staff area"),
                RetentionPolicy.NAMELESS,
                {"admin.LogEntry": "user object_id object_repr change_message", "accounts.Client": "approved_by"},
                why=_("Audit record of staff actions."),
                not_exported=_("it names other people"),
            ),
        ),
        unrelated_columns={"accounts.Client": "algorithm cimd_expires_at"},
    ),
)
