"""What people may do and what they hold."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import Permission
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Value
from django.db.models.functions import Concat

from accounts.permissions.models import Entitlement
from accounts.users.models import User
from core.context import Grant
from core.prepared_queries import PreparedQuery

PRODUCT = "product"

# Every request of somebody asks one of these.
USER_BY_ID = PreparedQuery(
    lambda pk: (
        User.objects.select_related("avatar").annotate(held=permission_names_subquery(OuterRef("pk"))).filter(pk=pk)
    )
)


def holds(viewer: Grant, kind: str, subject: str, now: datetime | None = None) -> bool:
    """Whether the viewer holds a thing now. One query; none for strangers."""
    if viewer.user is None:
        return False
    return Entitlement.objects.of(viewer.user).running(now).filter(kind=kind, subject=subject).exists()


def has_bought(viewer: Grant, product: str, now: datetime | None = None) -> bool:
    """Whether the viewer bought a product, named by its slug, and did not give it back. One query."""
    return holds(viewer, PRODUCT, product, now)


def permission_names_subquery(person: OuterRef) -> ArraySubquery:
    """The names of what a person may do by their roles, to annotate a query of something that points at them."""
    held = Permission.objects.filter(group__user=person).order_by().distinct()
    return ArraySubquery(held.values(name_in_code=Concat(F("content_type__app_label"), Value("."), F("codename"))))


def remember_permissions(user: User, held: Iterable[str]) -> None:
    """What `has_perm` asks for is known from now on."""
    if not user.is_superuser:
        user._group_perm_cache = set(held)  # type: ignore[attr-defined]  # noqa: SLF001  where Django keeps it
