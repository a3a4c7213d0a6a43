"""The ground floor in the admin."""

from core.admin import events, pages, webhooks
from core.admin.editing import EditAdmin, ExplainedForm
from core.admin.shared import MOMENT, ReadOnlyAdmin

__all__ = ["MOMENT", "EditAdmin", "ExplainedForm", "ReadOnlyAdmin", "events", "pages", "webhooks"]
