"""Panel to delete an account on request."""

from django.utils.translation import gettext as _

from accounts.data_requests.services import deletions
from accounts.users.models import User
from core.composition import panels
from core.composition.panels import Panel
from core.context import Grant


@panels.register("customer.admin")
def erase_on_request(user: User, viewer: Grant) -> Panel | None:
    """Show a pending deletion or a link to request one. One query; none without the permission."""
    if user == viewer.user or user.is_erased or not deletions.can_erase(viewer.actor, user):
        return None
    values = {"person": user, "closing": deletions.get_pending_deletion(user)}
    return Panel(_("Personal data"), "accounts/panels/erase_on_request.html", values, order=96)
