"""People and what they may do."""

from accounts.models.api_key import ApiKey
from accounts.models.client_session import ClientSession
from accounts.models.data import Closing, DataExport
from accounts.models.device import Device
from accounts.models.entitlement import Entitlement
from accounts.models.impersonation import Impersonation
from accounts.models.moderation import Ban, Case, KeptProfile, Report, SpamWord, Trace
from accounts.models.oauth import (
    AccessToken,
    AuthorizationCode,
    Client,
    Consent,
    DeviceGrant,
    IDToken,
    RefreshToken,
    SigningKey,
)
from accounts.models.role import Role
from accounts.models.subscription import Letter, Subscription
from accounts.models.user import User

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
