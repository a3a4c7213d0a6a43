"""The button to impersonate a person."""

from django.utils.translation import gettext as _

from accounts.impersonation import services as impersonations
from accounts.users.models import User
from core.composition import panels
from core.composition.panels import Panel
from core.context import Grant


@panels.register("customer.admin")
def act_for(user: User, viewer: Grant) -> Panel | None:
    """Show the button to impersonate a person, with the permission. One query."""
    if not impersonations.can_impersonate(user, viewer.actor):
        return None
    return Panel(_("Impersonation"), "accounts/panels/act_for.html", {"person": user}, order=95)
