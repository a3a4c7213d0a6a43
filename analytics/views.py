"""The sales page, for staff with permission to see it."""

from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from analytics import charts, queries
from core.composition import cards
from core.web.http import PageRequest

PERMISSION = "analytics.view_salefact"
PERIOD_DAYS = (7, 30, 90)
DEFAULT_PERIOD_DAYS = 30
MAX_POSTS = 10


@require_safe
@login_required
def index(request: PageRequest) -> HttpResponse:
    """Sales of the last days in one currency, compared with the previous period; 3 queries and those of the cards."""
    request.grant.actor.require(PERMISSION)
    length = next((n for n in PERIOD_DAYS if str(n) == request.GET.get("days")), DEFAULT_PERIOD_DAYS)
    today = timezone.localdate()
    used = queries.get_currencies(today - timedelta(days=2 * length - 1), today)
    if not used:
        return render(request, "analytics/index.html", {"lengths": _get_period_tabs(length, "")})
    currency = request.GET.get("currency", "")
    currency = currency if currency in used else used[0]
    now, before = queries.compare_periods(today, length, currency)
    best = queries.get_best_sources("post", now.first, now.last, currency, MAX_POSTS)
    posts = cards.resolve([("post", public_id) for public_id, _net in best], request.grant)
    chart = charts.draw_chart(_get_net_values(now), _get_net_values(before))
    context = {
        "lengths": _get_period_tabs(length, currency),
        "length": length,
        "currency": currency,
        "currencies": used if len(used) > 1 else [],
        "now": now,
        "before": before,
        **_get_change_context(queries.get_percent_change(now.total.net, before.total.net)),
        "chart": chart,
        "bars": list(zip(chart.bars, now.days, strict=True)),
        "best": [(posts.get(("post", public_id)), public_id, net) for public_id, net in best],
    }
    return render(request, "analytics/index.html", context)


def _get_net_values(period: queries.Period) -> list[int]:
    return [day.sales.net.minor for day in period.days]


def _get_change_context(percent: int | None) -> dict[str, object]:
    """The note below net sales, and the direction of its trend."""
    if percent is None:
        return {"change_note": _("no previous period to compare"), "trend": ""}
    note = _("%(percent)s %% compared with the previous period") % {"percent": f"{percent:+d}"}
    return {"change_note": note, "trend": "up" if percent > 0 else "down" if percent < 0 else ""}


def _get_period_tabs(chosen: int, currency: str) -> list[dict[str, object]]:
    """The tabs for the length of the period."""
    return [
        {
            "label": ngettext("%(n)d day", "%(n)d days", n) % {"n": n},
            "url": f"?days={n}&currency={currency}" if currency else f"?days={n}",
            "current": n == chosen,
            "count": None,
        }
        for n in PERIOD_DAYS
    ]
