"""People and what they may do."""

from accounts.models.api_key import ApiKey
from accounts.models.device import Device
from accounts.models.entitlement import Entitlement
from accounts.models.role import Role
from accounts.models.user import User

__all__ = ["ApiKey", "Device", "Entitlement", "Role", "User"]
