"""The admin pages of this app, collected for Django."""

from core.content import admin as pages
from core.staff import admin as events
from core.staff.edit_admin import EditAdmin, ExplainedForm
from core.staff.read_only_admin import MOMENT, ReadOnlyAdmin
from core.webhooks import admin as webhooks

__all__ = ["MOMENT", "EditAdmin", "ExplainedForm", "ReadOnlyAdmin", "events", "pages", "webhooks"]
