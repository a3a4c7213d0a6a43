"""What others ask about people."""

from datetime import datetime

from accounts.models import Entitlement
from core.context import Grant

PRODUCT = "product"


def holds(viewer: Grant, kind: str, subject: str, now: datetime | None = None) -> bool:
    """Whether the viewer holds a thing now. One query; none for strangers."""
    if viewer.user is None:
        return False
    return Entitlement.objects.of(viewer.user).running(now).filter(kind=kind, subject=subject).exists()


def subjects_held(viewer: Grant, kind: str, now: datetime | None = None) -> set[str]:
    """All things of a kind that the viewer holds now. One query; none for strangers."""
    if viewer.user is None:
        return set()
    held = Entitlement.objects.of(viewer.user).running(now).filter(kind=kind)
    return set(held.values_list("subject", flat=True))


def has_bought(viewer: Grant, product: str, now: datetime | None = None) -> bool:
    """Whether the viewer bought a product, named by its slug, and did not give it back. One query."""
    return holds(viewer, PRODUCT, product, now)
