"""Panel with a person's entitlements."""

from django.utils.translation import gettext as _

from accounts.permissions.models import Entitlement
from accounts.users.models import User
from core.composition import panels
from core.composition.panels import Panel
from core.context import Grant

MAX_SHOWN = 20


@panels.register("customer.admin")
def held(user: User, viewer: Grant) -> Panel | None:
    """Show the newest entitlements of a person; one query."""
    if not viewer.actor.can("accounts.view_entitlement"):
        return None
    rows = Entitlement.objects.of(user).order_by("-id")[:MAX_SHOWN]
    return Panel(_("Entitlements"), "accounts/panels/held.html", {"rows": list(rows)}, order=90)
