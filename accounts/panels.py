"""What a person holds, beside them in the staff area."""

from django.utils.translation import gettext as _

from accounts.models import Entitlement, User
from accounts.services import impersonations
from core.composition import panels
from core.composition.panels import Panel
from core.context import Grant

SHOWN = 20


@panels.register("customer.admin")
def held(user: User, viewer: Grant) -> Panel | None:
    """The newest entitlements of a person; one query."""
    if not viewer.actor.can("accounts.view_entitlement"):
        return None
    rows = Entitlement.objects.of(user).order_by("-id")[:SHOWN]
    return Panel(_("Holds"), "accounts/panels/held.html", {"rows": list(rows)}, order=90)


@panels.register("customer.admin")
def act_for(user: User, viewer: Grant) -> Panel | None:
    """The way to act in this person's name, for who may. One query for who may at all."""
    if not impersonations.may_impersonate(user, viewer.actor):
        return None
    return Panel(_("On their behalf"), "accounts/panels/act_for.html", {"person": user}, order=95)
