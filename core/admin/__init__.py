"""The ground floor in the admin."""

from core.admin import events, pages, webhooks
from core.admin.editing import EditAdmin
from core.admin.shared import MOMENT, ReadOnlyAdmin

__all__ = ["MOMENT", "EditAdmin", "ReadOnlyAdmin", "events", "pages", "webhooks"]
