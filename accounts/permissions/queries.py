"""Permissions and entitlements."""

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

# Used by every authenticated request.
USER_BY_ID = PreparedQuery(
    lambda pk: (
        User.objects.select_related("avatar").annotate(held=permission_names_subquery(OuterRef("pk"))).filter(pk=pk)
    )
)


def holds(viewer: Grant, kind: str, subject: str, now: datetime | None = None) -> bool:
    """Whether the viewer has an entitlement now. One query; none for anonymous visitors."""
    if viewer.user is None:
        return False
    return Entitlement.objects.of(viewer.user).running(now).filter(kind=kind, subject=subject).exists()


def has_bought(viewer: Grant, product: str, now: datetime | None = None) -> bool:
    """Whether the viewer bought a product, by slug, and did not return it. One query."""
    return holds(viewer, PRODUCT, product, now)


def permission_names_subquery(person: OuterRef) -> ArraySubquery:
    """Annotation: the names of a person's permissions by their roles."""
    held = Permission.objects.filter(group__user=person).order_by().distinct()
    return ArraySubquery(held.values(name_in_code=Concat(F("content_type__app_label"), Value("."), F("codename"))))


def remember_permissions(user: User, held: Iterable[str]) -> None:
    """Fill the cache of `has_perm`."""
    if not user.is_superuser:
        user._group_perm_cache = set(held)  # type: ignore[attr-defined]  # noqa: SLF001  where Django keeps it
