"""Context of a support conversation page."""

from typing import Any

from chat.rooms.models import Room
from chat.rooms.queries import Access
from chat.support.forms import CaseForm
from chat.support.models import SupportCase


def get_case_context(access: Access) -> dict[str, Any]:
    """Return the label of the case for the viewer's side and, for agents, the form."""
    if access.room.kind != Room.Kind.SUPPORT:
        return {}
    case = access.room.case
    labels = SupportCase.STAFF_LABELS if access.is_agent else SupportCase.CUSTOMER_LABELS
    given = {"assignee": case.assignee.uid if case.assignee else None, "priority": case.priority}
    return {
        "case_state": case.label(is_staff=access.is_agent),
        "case_labels": {status.value: label for status, label in labels.items()},
        "case": CaseForm(initial=given) if access.is_agent else None,
    }
