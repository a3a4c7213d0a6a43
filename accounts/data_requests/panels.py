"""The way to have somebody erased who asked for it, beside them in the staff area."""

from django.utils.translation import gettext as _

from accounts.data_requests.services import deletions
from accounts.users.models import User
from core.composition import panels
from core.composition.panels import Panel
from core.context import Grant


@panels.register("customer.admin")
def erase_on_request(user: User, viewer: Grant) -> Panel | None:
    """Until when a closing can be taken back, or the way to enter one; one query, none for who may not."""
    if user == viewer.user or user.is_erased or not deletions.can_erase(viewer.actor, user):
        return None
    values = {"person": user, "closing": deletions.get_pending_deletion(user)}
    return Panel(_("Their data"), "accounts/panels/erase_on_request.html", values, order=96)
