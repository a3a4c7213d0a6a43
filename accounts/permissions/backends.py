"""Authentication backend: permissions come from roles."""

from typing import Any, cast

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.db.models import QuerySet

from accounts.permissions import queries as permission_queries
from accounts.users.models import User
from core.validation.email_addresses import find_email


class RolesBackend(AuthenticationBackend):
    """Sign-in by email address. Permissions come from roles only, and are loaded with the person."""

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        """Load person and address in one query; allauth would need three."""
        proved = EmailAddress.objects.filter(email=find_email(email), verified=True).select_related("user").first()
        if proved is None:
            return cast("User | None", super()._authenticate_by_email(find_email(email), password))
        EmailAddress.objects.fill_cache_for_user(proved.user, [proved])
        return cast("User | None", self._check_password(proved.user, password))

    def get_user(self, user_id: Any) -> User | None:
        """Return the person with picture and permissions in one query; None for a disabled account."""
        user = permission_queries.USER_BY_ID.first(pk=user_id)
        if user is None or not self.user_can_authenticate(user):
            return None
        permission_queries.remember_permissions(user, user.held)
        return user

    def _get_user_permissions(self, user_obj: User) -> QuerySet[Permission]:
        return Permission.objects.none()
