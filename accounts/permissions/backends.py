"""Who the session's person is, and what they may do."""

from typing import Any, cast

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.db.models import QuerySet

from accounts.permissions import queries as permission_queries
from accounts.users.models import User
from core.validation.email_addresses import find_email


class RolesBackend(AuthenticationBackend):
    """Sign-in by address. What people may do comes from their roles alone, and comes along with them."""

    def _authenticate_by_email(self, email: str, password: str) -> User | None:
        """Whoever owns the address comes with it, in one query: allauth goes on to ask for it twice."""
        proved = EmailAddress.objects.filter(email=find_email(email), verified=True).select_related("user").first()
        if proved is None:
            return cast("User | None", super()._authenticate_by_email(find_email(email), password))
        EmailAddress.objects.fill_cache_for_user(proved.user, [proved])
        return cast("User | None", self._check_password(proved.user, password))

    def get_user(self, user_id: Any) -> User | None:
        """The person and, in the same query, picture and permissions; none when the account is closed."""
        user = permission_queries.USER_BY_ID.first(pk=user_id)
        if user is None or not self.user_can_authenticate(user):
            return None
        permission_queries.remember_permissions(user, user.held)
        return user

    def _get_user_permissions(self, user_obj: User) -> QuerySet[Permission]:
        return Permission.objects.none()
