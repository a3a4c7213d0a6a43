"""The figures of the house, for those who may see them."""

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
LENGTHS = (7, 30, 90)
USUAL = 30
BEST = 10


@require_safe
@login_required
def index(request: PageRequest) -> HttpResponse:
    """Sales of the last days in one currency, against as many days before; 3 queries and those of the cards."""
    request.grant.actor.require(PERMISSION)
    length = next((n for n in LENGTHS if str(n) == request.GET.get("days")), USUAL)
    today = timezone.localdate()
    used = queries.currencies(today - timedelta(days=2 * length - 1), today)
    if not used:
        return render(request, "analytics/index.html", {"lengths": _lengths(length, "")})
    currency = request.GET.get("currency", "")
    currency = currency if currency in used else used[0]
    now, before = queries.compare(today, length, currency)
    best = queries.best_sources("post", now.first, now.last, currency, BEST)
    posts = cards.resolve([("post", public_id) for public_id, _net in best], request.grant)
    chart = charts.draw(_net(now), _net(before))
    context = {
        "lengths": _lengths(length, currency),
        "length": length,
        "currency": currency,
        "currencies": used if len(used) > 1 else [],
        "now": now,
        "before": before,
        **_change(queries.share_of_before(now.total.net, before.total.net)),
        "chart": chart,
        "bars": list(zip(chart.bars, now.days, strict=True)),
        "best": [(posts.get(("post", public_id)), public_id, net) for public_id, net in best],
    }
    return render(request, "analytics/index.html", context)


def _net(period: queries.Period) -> list[int]:
    return [day.sales.net.minor for day in period.days]


def _change(percent: int | None) -> dict[str, object]:
    """The note below net sales and which way it points."""
    if percent is None:
        return {"change_note": _("nothing to compare with"), "trend": ""}
    note = _("%(percent)s %% against before") % {"percent": f"{percent:+d}"}
    return {"change_note": note, "trend": "up" if percent > 0 else "down" if percent < 0 else ""}


def _lengths(chosen: int, currency: str) -> list[dict[str, object]]:
    """The tabs above the figures."""
    return [
        {
            "label": ngettext("%(n)d day", "%(n)d days", n) % {"n": n},
            "url": f"?days={n}&currency={currency}" if currency else f"?days={n}",
            "current": n == chosen,
            "count": None,
        }
        for n in LENGTHS
    ]
