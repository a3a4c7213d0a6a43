"""The tables of this app, collected for Django."""

from accounts.api_keys.models import ApiKey
from accounts.bans.models import Ban
from accounts.data_requests.models import DataExport
from accounts.impersonation.models import Impersonation
from accounts.moderation.models import Case, KeptProfile, Report, SpamWord, Trace
from accounts.oauth.models import (
    AccessToken,
    AuthorizationCode,
    Client,
    Consent,
    DeviceGrant,
    IDToken,
    RefreshToken,
    SigningKey,
)
from accounts.permissions.models import Entitlement, Role
from accounts.sessions.models import ClientSession, Device
from accounts.subscriptions.models import Letter, Subscription
from accounts.users.models import Closing, User

__all__ = [
    "AccessToken",
    "ApiKey",
    "AuthorizationCode",
    "Ban",
    "Case",
    "Client",
    "ClientSession",
    "Closing",
    "Consent",
    "DataExport",
    "Device",
    "DeviceGrant",
    "Entitlement",
    "IDToken",
    "Impersonation",
    "KeptProfile",
    "Letter",
    "RefreshToken",
    "Report",
    "Role",
    "SigningKey",
    "SpamWord",
    "Subscription",
    "Trace",
    "User",
]
