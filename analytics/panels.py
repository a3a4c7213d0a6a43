"""Panels on pages of other apps: sales below a post, and of the week on the first page of the admin."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from analytics import queries
from core.composition import panels
from core.composition.panels import Panel
from core.context import Grant

PERMISSION = "analytics.view_salefact"
WEEK_DAYS = 7


@panels.register("post.below")
def earned(post: Any, viewer: Grant) -> Panel | None:
    """Sales from a post, for its authors and for staff who may see all sales."""
    user = viewer.user
    if user is None or not user.is_staff:
        return None
    if not viewer.actor.can(PERMISSION) and not post.authors.filter(pk=user.pk).exists():
        return None
    sales = queries.get_earnings(post.public_kind, post.public_id)
    return Panel(_("Sales from this post"), "analytics/panels/earned.html", {"sales": sales}, order=50)


@panels.register("admin.index")
def this_week(_subject: None, viewer: Grant) -> Panel | None:
    """Sales of today and the last seven days, in the currency of most orders."""
    if not viewer.actor.can(PERMISSION):
        return None
    today = timezone.localdate()
    used = queries.get_currencies(today - timedelta(days=2 * WEEK_DAYS - 1), today)
    week, before = queries.compare_periods(today, WEEK_DAYS, used[0]) if used else (None, None)
    context = {"week": week, "before": before, "today": week.days[-1].sales if week else None}
    return Panel(_("Sales"), "analytics/panels/week.html", context, order=10)
