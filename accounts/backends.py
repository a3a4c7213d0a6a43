"""Who the session's person is, and what they may do."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Permission
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet, Value
from django.db.models.functions import Concat

from accounts.models import User


class RolesBackend(AuthenticationBackend):
    """Sign-in by address. What people may do comes from their roles alone, and comes along with them."""

    def get_user(self, user_id: Any) -> User | None:
        """The person and, in the same query, the permissions of their roles; none when the account is closed."""
        held = Permission.objects.filter(group__user=OuterRef("pk")).order_by().distinct()
        names = held.values(name_in_code=Concat(F("content_type__app_label"), Value("."), F("codename")))
        user = User.objects.annotate(held=ArraySubquery(names)).filter(pk=user_id).first()
        if user is None or not self.user_can_authenticate(user):
            return None
        if not user.is_superuser:
            user._group_perm_cache = set(user.held)  # type: ignore[attr-defined]  # noqa: SLF001  where Django keeps it
        return user

    def _get_user_permissions(self, user_obj: User) -> QuerySet[Permission]:
        return Permission.objects.none()
