"""People and what they may do."""

from accounts.models.entitlement import Entitlement
from accounts.models.role import Role
from accounts.models.user import User

__all__ = ["Entitlement", "Role", "User"]
